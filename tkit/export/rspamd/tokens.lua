-- Numbers about one URL: its parts, its words, its tokens, its service. The same steps as parts.py, tokens.py and places.py of
-- tkit/features.

local regexp = require 'rspamd_regexp'

local MIN_TOKEN, MIN_TEXT = 6, 8

local function flag(condition) return condition and 1 or 0 end

local function set_of(text)
  local found = {}
  for word in text:gmatch('%S+') do found[word] = true end
  return found
end

local function compiled(pattern) return assert(regexp.create('/' .. pattern .. '/'), pattern) end

local WORD_FEATURES = {}
for feature, words in pairs(DATA.words) do
  for word in words:gmatch('%S+') do
    WORD_FEATURES[word] = WORD_FEATURES[word] or {}
    table.insert(WORD_FEATURES[word], feature)
  end
end
local SIZE_NAMES = set_of(DATA.size_names)
local STORES = set_of(DATA.stores)
local PHOTOS, PICTURES, SHEETS = set_of(DATA.photos), set_of(DATA.pictures), set_of(DATA.sheets)
local SCRIPT = compiled('^(?:' .. DATA.scripts .. ')$')
local SCRIPT_INSIDE = compiled('\\.(?:' .. DATA.scripts .. ')/')
local HOST_TRACK = compiled('^(?:' .. DATA.host_track .. ')$')
local HOST_PICTURE = compiled('^(?:' .. DATA.host_picture .. ')$')
local REGIONAL_STORE = compiled(DATA.regional_store)
local SIDES = compiled('(?:^|[^0-9])[1-9][0-9]{1,3}[xX][1-9][0-9]{1,3}(?:[^0-9]|$)')
-- Of each end of a host, with # for digits, the open trackers of its service; false where none are known.
local SERVICE_HOSTS = {}
for host, pattern in pairs(DATA.service_hosts) do
  SERVICE_HOSTS[host] = pattern ~= '' and compiled('^(?:' .. pattern .. ')')
end
local BRANDED = compiled('^(?:' .. table.concat(DATA.branded, '|') .. ')')
local FLOATING = compiled(table.concat(DATA.floating, '|'))

-- What a run of characters consists of, and where it stands (from 1).
local function measured(text, at)
  local run = { text = text, at = at, length = #text, digits = 0, upper = 0, lower = 0, not_hex = 0 }
  run.changes, run.case_changes, run.consonants = 0, 0, 0
  local before, consonants = nil, 0
  for index = 1, #text do
    local character = text:sub(index, index)
    local kind = character:match('%d') and 'digit' or character:match('%l') and 'lower' or character:match('%u') and 'upper'
      or 'other'
    if kind ~= 'other' then run[kind == 'digit' and 'digits' or kind] = run[kind == 'digit' and 'digits' or kind] + 1 end
    if not character:match('%x') then run.not_hex = run.not_hex + 1 end
    if before and kind ~= before then
      run.changes = run.changes + 1
      if (kind == 'lower' or kind == 'upper') and (before == 'lower' or before == 'upper') then
        run.case_changes = run.case_changes + 1
      end
    end
    before = kind
    consonants = character:match('[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]') and consonants + 1 or 0
    run.consonants = math.max(run.consonants, consonants)
  end
  run.other = run.length - run.digits - run.upper - run.lower
  return run
end

local function runs_of(text, pattern)
  local found = {}
  for at, run in text:gmatch('()(' .. pattern .. ')') do found[#found + 1] = measured(run, at) end
  return found
end

local function longest(runs, is)
  local most = 0
  for _, run in ipairs(runs) do
    if run.length > most and is(run) then most = run.length end
  end
  return most
end

local function number(runs, is)
  local count = 0
  for _, run in ipairs(runs) do
    if is(run) then count = count + 1 end
  end
  return count
end

local function part_columns(out, url, tail)
  local lowered = tail:lower()
  local rest, fragment = partition(lowered, '#')
  local path, query = partition(rest, '?')
  local slash, dot = last_index(path, '/'), last_index(path, '.')
  local extension = dot > slash and path:sub(dot + 1) or ''
  local first_dot = path:find('.', 1, true)
  out.url_length = #url
  out.path_length = #path
  out.query_length = #query
  out.fragment_length = #fragment
  out.filename_length = #path - slash
  out.https = flag(starts(url, 'https:'))
  out.path_segments = count_of(path, '/')
  out.path_dots = count_of(path, '.')
  out.query_parameters = query ~= '' and count_of(query, '&') + 1 or 0
  out.path_open_track = flag(has(lowered, '/open') or has(lowered, '=open') or has(lowered, '/trace') or has(lowered, '/track'))
  out.extension_gif = flag(extension == 'gif')
  out.extension_photo = flag(PHOTOS[extension])
  out.extension_picture = flag(PICTURES[extension])
  out.extension_sheet = flag(SHEETS[extension])
  out.extension_none = flag(dot <= slash)
  local inside = first_dot and first_dot < slash and SCRIPT_INSIDE:match(path, true)
  out.extension_script = flag((extension ~= '' and SCRIPT:match(extension, true)) or inside)
end

local function host_columns(out, authority)
  local behind_user = authority:sub(last_index(authority, '@') + 1)
  local host, port = behind_user:match('^(.*):(%d+)$')
  host = host or behind_user
  out.host_length = #host
  out.host_labels = count_of(host, '.') + 1
  out.host_digits = select(2, host:gsub('%d', ''))
  out.host_hyphens = count_of(host, '-')
  out.host_is_number = flag(host:sub(1, 1) == '[' or not host:find('%a'))
  out.host_port = flag(port)
  out.host_name_track, out.host_name_picture = 0, 0
  for label in host:gmatch('[^.-]+') do
    if HOST_TRACK:match(label, true) then out.host_name_track = out.host_name_track + 1 end
    if HOST_PICTURE:match(label, true) then out.host_name_picture = out.host_name_picture + 1 end
  end
end

local function segment_columns(out, path)
  local name = last_index(path, '/') + 1
  local segments = runs_of(path, '[^/]+')
  out.first_segment = segments[1] and segments[1].at == 2 and segments[1].length or 0
  out.longest_segment = longest(segments, function() return true end)
  out.short_directories = number(segments, function(run) return run.length <= 2 and run.at < name end)
  out.number_segments = number(segments, function(run) return run.digits == run.length end)
end

local function names_size(words, tail)
  for index, run in ipairs(words) do
    local before = words[index - 1]
    if run.digits == run.length and run.length >= 2 and run.length <= 4 and run.text:sub(1, 1) ~= '0' then
      if before and before.at + before.length + 1 == run.at and tail:sub(run.at - 1, run.at - 1) == '='
        and SIZE_NAMES[before.text:lower()] then return true end
    elseif run.length >= 5 and run.length <= 12 and run.digits < run.length and run.digits >= 4 and SIDES:match(run.text, true) then
      return true
    end
  end
  return false
end

local function word_columns(out, words, tail)
  local function is_mixed(run) return run.digits > 0 and run.digits < run.length end
  local function is_decimal(run) return run.digits == run.length end
  for feature in pairs(DATA.words) do out[feature] = 0 end
  out.mixed_length, out.consonant_run = 0, 0
  for _, run in ipairs(words) do
    if is_mixed(run) then out.mixed_length = out.mixed_length + run.length end
    out.consonant_run = math.max(out.consonant_run, run.consonants)
    for _, feature in ipairs(WORD_FEATURES[run.text:lower()] or {}) do
      out[feature] = math.min(out[feature] + 1, DATA.most_words)
    end
  end
  out.words = #words
  out.longest_word = longest(words, function(run) return run.digits == 0 end)
  out.longest_mixed_word = longest(words, is_mixed)
  out.mixed_words = number(words, function(run) return is_mixed(run) and run.length >= 5 end)
  out.decimal_words = number(words, is_decimal)
  out.longest_decimal = longest(words, is_decimal)
  out.longest_hex = longest(words, function(run) return run.not_hex == 0 and run.length >= 8 and run.digits > 0 end)
  out.longest_case_mixed = longest(words, function(run)
    return run.upper > 0 and run.lower > 0 and (run.digits > 0 or run.case_changes >= 3)
  end)
  out.size_in_url = flag(names_size(words, tail))
end

-- Shannon entropy in bits a character, rounded to 1/256 so that another logarithm gives the same number.
local function entropy(text)
  if text == '' then return 0 end
  local counts, weighted = {}, 0
  for character in text:gmatch('.') do counts[character] = (counts[character] or 0) + 1 end
  for _, count in pairs(counts) do weighted = weighted + count * math.log(count) / math.log(2) end
  return math.floor(math.abs(math.log(#text) / math.log(2) - weighted / #text) * 256 + 0.5) / 256
end

local function is_base64_text(run)
  local kinds = flag(run.digits > 0) + flag(run.upper > 0) + flag(run.lower > 0)
  return run.length >= MIN_TEXT and run.length % 4 ~= 1 and kinds > 1 and is_printable(from_base64(run.text))
end

local function is_hex_text(run)
  return run.length >= MIN_TEXT and run.length % 2 == 0 and run.not_hex == 0 and is_printable(from_hex(run.text))
end

local function token_columns(out, tokens, size)
  local first = measured('', 1) -- the first of the longest
  local identifier -- the first of the longest that may be one
  local sum = 0
  local identifiers = {}
  for _, run in ipairs(tokens) do
    if run.length > first.length then first = run end
    if run.digits > 0 and run.length >= MIN_TOKEN then
      identifiers[#identifiers + 1] = run
      sum = sum + run.length
      if not identifier or run.length > identifier.length then identifier = run end
    end
  end
  local length = math.max(first.length, 1)
  out.longest_token = first.length
  out.token_digit_share = first.digits / length
  out.token_upper_share = first.upper / length
  out.token_separators = first.other
  out.token_changes = first.changes / length
  out.token_entropy = entropy(first.text)
  out.long_tokens = number(tokens, function(run) return run.length >= 16 and run.digits > 0 end)
  out.base64_text = longest(tokens, is_base64_text)
  out.hex_text = longest(tokens, is_hex_text)
  out.uuid = number(tokens, function(run) return run.length == 36 and run.other == 4 and run.not_hex == 4 end)
  local path, name = out.path_length, out.path_length - out.filename_length
  local query = size - out.fragment_length - flag(out.fragment_length > 0)
  local function within(from, to)
    return longest(identifiers, function(run) return run.at > from and run.at <= to end)
  end
  out.identifier_share = sum / math.max(size, 1)
  out.identifier_end = identifier and (identifier.at - 1 + identifier.length) / math.max(size, 1) or -1
  out.identifier_in_directory = within(0, name)
  out.identifier_in_name = within(name, path)
  out.identifier_in_query = within(path, query)
  out.identifier_in_fragment = within(query, math.huge)
end

-- The open trackers of the service with the longest end of a host that fits; nil if the host is no service's.
local function opens_of(host)
  local rest, marked = host, host:gsub('%d+', '#')
  while rest ~= '' do
    local opens = SERVICE_HOSTS[rest]
    if opens == nil then opens = SERVICE_HOSTS[marked] end
    if opens ~= nil then return opens end
    _, rest = partition(rest, '.')
    _, marked = partition(marked, '.')
  end
  return nil
end

local function provider_columns(out, host, tail)
  local opens = opens_of(host)
  local is_open = opens and opens:match(tail, true) or BRANDED:match(tail, true) or FLOATING:match(tail, true)
  out.provider_known, out.provider_open = flag(opens ~= nil or is_open), flag(is_open)
end

local function is_store(host)
  local rest = host
  while rest ~= '' do
    if STORES[rest] then return true end
    local _, behind = partition(rest, '.')
    rest = behind
  end
  return REGIONAL_STORE:match(host, true)
end

-- The columns of a resolved URL; is_sheet tells that it is asked for as a style sheet or font.
local function url_columns(resolved, is_sheet)
  local url = unwrap(resolved)
  local out = { carrier_sheet = flag(is_sheet) }
  -- As Python's find and slices read it: without a slash from the ninth character on, the last character is the tail.
  local start = url:find('/', 9, true) or #url
  local tail = url:sub(start)
  local host = host_of(url)
  local _, slashes = url:find('//', 1, true)
  part_columns(out, url, tail)
  host_columns(out, url:sub(slashes + 1, start - 1))
  out.digits = select(2, tail:gsub('%d', ''))
  out.uppercase = select(2, tail:gsub('%u', ''))
  out.percent_escapes = count_of(tail, '%')
  out.separators = select(2, tail:gsub('[&=;,|~!*$:]', ''))
  segment_columns(out, tail:sub(1, out.path_length))
  word_columns(out, runs_of(tail, '%w+'), tail)
  token_columns(out, runs_of(tail, '[%w_-]+'), #tail)
  provider_columns(out, host, tail)
  out.store_known = flag(is_store(host))
  local decodes = out.base64_text > 0 or out.hex_text > 0
  out.address_in_url = flag((decodes or has(url, '@') or has(url, '%40')) and holds_address(url))
  return out
end
