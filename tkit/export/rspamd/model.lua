-- The detector: whole numbers that add up to a margin, so that every language gives the same.

local UNIT, HALF = 65536, 32
local VERDICTS = { individual = 'personalised', tracker = 'tracker' } -- where the answer to a question is yes

-- The nearest float32, ties to even.
local function float32(value)
  if value == 0 or value ~= value or value == math.huge or value == -math.huge then return value end
  local fraction, exponent = math.frexp(value)
  local scaled = fraction * 2 ^ 24
  local whole = math.floor(scaled)
  local over = scaled - whole
  if over > 0.5 or (over == 0.5 and whole % 2 == 1) then whole = whole + 1 end
  return math.ldexp(whole, exponent - 24)
end

local function splits_of(model)
  local splits = {}
  for index, thresholds in ipairs(model.splits) do
    for _, threshold in ipairs(thresholds) do splits[#splits + 1] = { DATA.schema.features[index], float32(threshold) } end
  end
  return splits
end

-- Read a tree as tkit/export/javascript/model.js does.
local function read_tree(text, model, splits)
  local at = 1
  local function whole(digits)
    local value = 0
    for _ = 1, digits do
      value = value * 64 + SEXTET[text:byte(at)]
      at = at + 1
    end
    return value
  end
  local function node()
    if SEXTET[text:byte(at)] >= HALF then
      return { value = whole(model.leaf_digits) - HALF * 64 ^ (model.leaf_digits - 1) + model.least }
    end
    local split = splits[whole(model.split_digits) + 1]
    local left = node()
    return { feature = split[1], threshold = split[2], left = left, right = node() }
  end
  return node()
end

local TREES = {} -- of each question
for question, model in pairs(DATA.models) do
  local splits, trees = splits_of(model), {}
  for index, text in ipairs(model.trees) do trees[index] = read_tree(text, model, splits) end
  TREES[question] = trees
end

-- What features (by name, float32) add up to in the model of a question, in units of 1/65536.
local function margin(features, question)
  local total = DATA.models[question].intercept
  for _, node in ipairs(TREES[question]) do
    while node.feature do node = features[node.feature] <= node.threshold and node.left or node.right end
    total = total + node.value
  end
  return total
end

local function score(units, question)
  if DATA.models[question].link == 'identity' then return math.min(math.max(units / UNIT, 0), 1) end
  return 1 / (1 + math.exp(-units / UNIT))
end

-- Judge a URL as written (or resolved): nil where it needs no server.
local function judge(url, is_sheet)
  local resolved = resolve(clean(url))
  if resolved == '' then return nil end
  local features = url_columns(resolved, is_sheet)
  for name, value in pairs(features) do features[name] = float32(value) end
  local found = { url = resolved, features = features, margin = {}, score = {}, verdict = 'clean' }
  for _, question in ipairs { 'individual', 'tracker' } do -- a tracker is a tracker, whatever the other answer is
    local units = margin(features, question)
    found.margin[question], found.score[question] = units, score(units, question)
    if units >= DATA.models[question].threshold then found.verdict = VERDICTS[question] end
  end
  return found
end
