-- URLs: resolved as the WHATWG URL Standard says, unwrapped, searched for addresses. The same steps as tkit/url/.

local function starts(text, prefix) return text:sub(1, #prefix) == prefix end
local function ends(text, suffix) return suffix == '' or text:sub(-#suffix) == suffix end
local function has(text, part) return text:find(part, 1, true) ~= nil end

-- What stands before and behind the first mark.
local function partition(text, mark)
  local from, to = text:find(mark, 1, true)
  if not from then return text, '' end
  return text:sub(1, from - 1), text:sub(to + 1)
end

local function last_index(text, character)
  for at = #text, 1, -1 do
    if text:sub(at, at) == character then return at end
  end
  return 0
end

local function count_of(text, character)
  local _, count = text:gsub('%' .. character, '')
  return count
end

local function escaped(text, pattern)
  return (text:gsub(pattern, function(character) return string.format('%%%02X', character:byte()) end))
end

local DEFAULT_PORTS = { http = '80', https = '443', ftp = '21' }
local USER_PATTERN = '[%z\1-\32\127-\255"#<>?`{}/:;=@%[\\%]^|]'
local PATH_PATTERN = '[%z\1-\32\127-\255"#<>?`{}]'
local QUERY_PATTERN = "[%z\1-\32\127-\255\"#<>']"
local FRAGMENT_PATTERN = '[%z\1-\32\127-\255"<>`]'
local FORBIDDEN_IN_HOST = '[%z\1-\32#/:<>?@%[\\%]^|%%\127]'

local function clean(value)
  local first = value:find('[^%z\1-\32]')
  if not first then return '' end
  -- From a character that stays: from those of a run in the middle, each would be tried to the run's end.
  local last = value:find('[^%z\1-\32][%z\1-\32]*$')
  return (value:sub(first, last):gsub('[\t\n\r]', ''))
end

local function unquote(text)
  return (text:gsub('%%(%x%x)', function(digits) return string.char(tonumber(digits, 16)) end))
end

-- A number as inet_aton writes it; nil for none.
local function number_of(text)
  if text:match('^0[xX]%x*$') then return tonumber('0x0' .. text:sub(3)) end
  if text:match('^0[0-7]+$') then return tonumber(text, 8) end
  if text:match('^%d+$') and not text:match('^0%d') then return tonumber(text) end
  return nil
end

-- An IPv4 address in any of its spellings, "" for a broken one, nil for a name.
local function ipv4(host)
  local parts = {}
  for part in (host:gsub('%.$', '') .. '.'):gmatch('([^.]*)%.') do parts[#parts + 1] = part end
  local last = parts[#parts]
  if not last or not (last:match('^%d+$') or last:match('^0[xX]%x*$')) then return nil end
  if #parts > 4 then return '' end
  local value = 0
  for index, part in ipairs(parts) do
    local number = part ~= '' and number_of(part)
    if not number then return '' end
    if index < #parts then
      if number > 255 then return '' end
      value = value + number * 256 ^ (4 - index)
    else
      if number >= 256 ^ (5 - index) then return '' end
      value = value + number
    end
  end
  local bytes = {}
  for place = 3, 0, -1 do
    bytes[#bytes + 1] = string.format('%d', math.floor(value / 256 ^ place) % 256)
  end
  return table.concat(bytes, '.')
end

-- The host as a browser asks for it; "" for one that is none, and for one in Unicode, which this port leaves alone.
local function host_asked_for(host)
  if host:match('^%[[%x:.]+%]$') then return host:lower() end
  host = unquote(host):lower()
  if host == '' or host:find(FORBIDDEN_IN_HOST) or host:find('[\128-\255]') then return '' end
  return ipv4(host) or host
end

local function normal_path(path)
  local segments = {}
  local is_open = false
  for segment in (path:gsub('\\', '/') .. '/'):gmatch('([^/]*)/') do
    local plain = segment:lower():gsub('%%2e', '.')
    if plain == '..' then
      if #segments > 1 then segments[#segments] = nil end
      is_open = true
    elseif plain == '.' then
      is_open = true
    else
      segments[#segments + 1] = escaped(segment, PATH_PATTERN)
      is_open = false
    end
  end
  if is_open then segments[#segments + 1] = '' end
  return table.concat(segments, '/')
end

-- The URL that a browser would ask for, without a base; "" for what needs no server or cannot be parsed.
local function resolve(url)
  if url:match('^[/\\][/\\]') then url = 'https:' .. url end
  local scheme, rest = url:match('^([%a][%w+.-]*):(.*)$')
  scheme = scheme and scheme:lower()
  if not DEFAULT_PORTS[scheme or ''] then return '' end
  rest = rest:gsub('^[/\\]+', '')
  local authority = rest:match('^[^/\\?#]*')
  rest = rest:sub(#authority + 1)
  local at = last_index(authority, '@')
  local user = ''
  if at > 0 then
    local name, colon, password = authority:sub(1, at - 1):match('^([^:]*)(:?)(.*)$')
    user = escaped(name, USER_PATTERN)
    if colon ~= '' and password ~= '' then user = user .. ':' .. escaped(password, USER_PATTERN) end
    if user ~= '' then user = user .. '@' end
  end
  local host, port = authority:sub(at + 1), ''
  local name, digits = host:match('^(.-):(%d*)$')
  if name and not name:match('^%[[^%]]*$') then host, port = name, digits:gsub('^0+(%d)', '%1') end
  host = host_asked_for(host)
  if host == '' or (port ~= '' and tonumber(port) > 65535) then return '' end
  if port ~= '' and port ~= DEFAULT_PORTS[scheme] then host = host .. ':' .. port end
  local before, fragment = rest:match('^([^#]*)#(.*)$')
  before = before or rest
  local path, query = before:match('^([^?]*)%?(.*)$')
  path = normal_path(path or before)
  if path == '' then path = '/' end
  return scheme .. '://' .. user .. host .. path
    .. (query and '?' .. escaped(query, QUERY_PATTERN) or '')
    .. (fragment and '#' .. escaped(fragment, FRAGMENT_PATTERN) or '')
end

local function host_of(url)
  local rest = url:match('^%l+://(.*)$')
  if not rest then return '' end
  rest = rest:gsub('^[^/?#@]*@', '')
  return rest:match('^%[[^%]]*%]') or rest:match('^[^/?#:]*')
end

-- The packed public suffix list; tkit/export/javascript/data.py says how it is packed.
local function unpacked_rules(packed)
  local pairs_of, text = packed[1], packed[2]
  for index = #pairs_of, 1, -1 do
    local sign, pair = pairs_of[index]:sub(1, 1), pairs_of[index]:sub(2)
    text = text:gsub((sign:gsub('%p', '%%%0')), (pair:gsub('%%', '%%%%')))
  end
  local rules, most = {}, 1
  for line in text:gmatch('[^\n]+') do
    local parent = line:match('^[^%u]*')
    local label = ''
    for shared, rest in line:gmatch('(%u)([^%u]*)') do
      label = label:sub(1, shared:byte() - 65) .. rest
      local rule = label .. '.' .. parent
      rules[rule] = true
      most = math.max(most, count_of(rule, '.') + 1)
    end
  end
  return rules, most
end

local RULES, MAX_LABELS = unpacked_rules(DATA.suffixes)

local function count_public(labels)
  for start = math.max(1, #labels - MAX_LABELS), #labels do
    local name = table.concat(labels, '.', start)
    local depth = #labels - start + 1
    if RULES['!' .. name] then return depth - 1 end
    if RULES['*.' .. name] then return start > 1 and depth + 1 or depth end
    if RULES[name] then return depth end
  end
  return 1
end

local function is_ipv4(host) return host:match('^%d%d?%d?%.%d%d?%d?%.%d%d?%d?%.%d%d?%d?$') ~= nil end

local function registrable_domain(host)
  host = host:gsub('^%.+', ''):gsub('%.+$', ''):lower()
  if host == '' or host:sub(1, 1) == '[' or is_ipv4(host) or has(host, '..') then return host end
  local labels = {}
  for label in host:gmatch('[^.]+') do labels[#labels + 1] = label end
  local public = count_public(labels)
  if #labels <= public then return host end
  return table.concat(labels, '.', #labels - public)
end

local function may_wrap(url)
  local host = host_of(url)
  return DATA.wrapping_domains[registrable_domain(host)] or starts(host, 'camo.')
end

local function parameter(rest, name)
  local _, query = partition((partition(rest, '#')), '?')
  for pair in (query .. '&'):gmatch('([^&]*)&') do
    local key, value = partition(pair, '=')
    if key == name then return value end
  end
  return ''
end

local DIGITS64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
local SEXTET = {}
for value = 0, 63 do SEXTET[DIGITS64:byte(value + 1)] = value end
SEXTET[('-'):byte()], SEXTET[('_'):byte()] = 62, 63

-- The bytes of base64 in either alphabet, without padding, as far as they go.
local function from_base64(token)
  local bytes, bits, left = {}, 0, 0
  for at = 1, #token do
    bits = bits * 64 + SEXTET[token:byte(at)]
    left = left + 6
    if left >= 8 then
      left = left - 8
      bytes[#bytes + 1] = string.char(math.floor(bits / 2 ^ left))
      bits = bits % 2 ^ left
    end
  end
  return table.concat(bytes)
end

local function from_hex(digits)
  return (digits:gsub('%x%x', function(pair) return string.char(tonumber(pair, 16)) end))
end

-- The characters of UTF-8 text, a byte that is none by itself.
local function characters_of(text)
  local found = {}
  for character in text:gmatch('[%z\1-\127\194-\244][\128-\191]*') do found[#found + 1] = character end
  return found
end

local V3_RUNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

local function unwrap_proofpoint_v3(url)
  local inner, packed = url:match('^https?://urldefense%.%l+/v3/__(.-)__;([%w_=-]*)!')
  if not inner or inner == '' then return '' end
  local characters = characters_of(from_base64((packed:gsub('=', ''))))
  local at = 0
  local text, result, position = unquote(inner), {}, 1
  while position <= #text do
    local star = text:find('*', position, true)
    if not star then break end
    result[#result + 1] = text:sub(position, star - 1)
    local run = text:match('^%*%*([%w_-])', star)
    local count = run and V3_RUNS:find(run, 1, true) + 1 or 1
    local taken = table.concat(characters, '', at + 1, math.min(at + count, #characters))
    at = at + count
    local token = run and '**' .. run or '*'
    result[#result + 1] = taken ~= '' and taken or token
    position = star + #token
  end
  result[#result + 1] = text:sub(position)
  return table.concat(result)
end

local function unwrap_once(url)
  local host = host_of(url)
  local _, to = url:find(host, 1, true)
  local rest = url:sub(to + 1)
  if ends(host, '.googleusercontent.com') and has(rest, '#http') then
    local _, inner = partition(rest, '#')
    return inner
  end
  if host == 'urldefense.com' or host == 'urldefense.us' then return unwrap_proofpoint_v3(url) end
  if host == 'urldefense.proofpoint.com' and starts(rest, '/v2/') then
    return (parameter(rest, 'u'):gsub('_', '/'):gsub('%-(%x%x)', function(digits)
      return string.char(tonumber(digits, 16))
    end))
  end
  if host == 'secure-web.cisco.com' then return unquote(rest:sub(last_index(rest, '/') + 1)) end
  if starts(host, 'camo.') or ends(host, 'fastmailusercontent.com') then
    for digest, hex, stop in rest:gmatch('/(%x+)/(%x+)([/?.]?)') do
      if #digest >= 16 and #hex >= 16 and #hex % 2 == 0 and (stop ~= '' or ends(rest, hex)) then return from_hex(hex) end
    end
    return ''
  end
  for _, wrapper in ipairs(DATA.query_wrappers) do
    local suffix, path, name = wrapper[1], wrapper[2], wrapper[3]
    if (host == suffix or ends(host, '.' .. suffix)) and starts(rest, path) then
      local value = unquote(parameter(rest, name))
      if has(value, '://') or starts(value, '//') then return value end
      return unquote(value)
    end
  end
  return ''
end

-- The original URL inside a webmail's picture proxy or a gateway's rewriting, up to three layers deep.
local function unwrap(url)
  for _ = 1, 3 do
    if not may_wrap(url) then break end
    local inner = unwrap_once(url)
    local resolved = inner ~= '' and resolve(clean(inner)) or ''
    if resolved == '' or resolved == url then break end
    url = resolved
  end
  return url
end

local function is_printable(text) return text ~= '' and not text:find('[^\32-\126]') end

-- The URL and what its percent-encoded, hex and base64 tokens decode to, two layers deep.
local function decoded_forms(url)
  local forms, layer, known = { url }, { url }, { [url] = true }
  for _ = 1, 2 do
    local found = {}
    local function add(text) found[#found + 1] = text end
    local function add_printable(text)
      if is_printable(text) then add(text) end
    end
    for _, text in ipairs(layer) do
      if has(text, '%') then add(unquote(text)) end
      for run in text:gmatch('%w+') do
        if #run >= 12 and #run % 2 == 0 and not run:find('%X') then add_printable(from_hex(run)) end
      end
      for run in text:gmatch('[%w+_-]+') do
        if #run >= 8 then add_printable(from_base64(run)) end
      end
    end
    layer = {}
    for _, text in ipairs(found) do
      if not known[text] then layer[#layer + 1] = text end
    end
    for _, text in ipairs(layer) do
      known[text] = true
      forms[#forms + 1] = text
    end
  end
  return forms
end

local function after_host(text)
  local scheme = text:sub(1, 10):find('://', 1, true)
  if not scheme then return text end
  local slash = text:find('/', scheme + 3, true)
  return slash and text:sub(slash) or ''
end

-- Whether an address stands in a text; its name has up to 64 characters.
local function has_address(text)
  local at = text:find('@%w')
  while at do
    if text:sub(math.max(1, at - 64), at - 1):find('%w[%w._+-]*$') then return true end
    at = text:find('@%w', at + 1)
  end
  return false
end

-- Whether a URL holds anything of the form of a mail address, plain or encoded.
local function holds_address(url)
  for _, form in ipairs(decoded_forms(url)) do
    if has(form, '@') and has_address(after_host(form)) then return true end
  end
  return false
end
