-- The detector: whole numbers that add up to a margin, so that every language gives the same.

local UNIT, HALF = 65536, 32

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

local SPLITS = {}
for _, of_feature in ipairs(DATA.splits) do
  for _, threshold in ipairs(of_feature[2]) do SPLITS[#SPLITS + 1] = { of_feature[1], float32(threshold) } end
end

-- Read a tree as tkit/export/javascript/model.js does.
local function read_tree(text)
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
      return { value = whole(DATA.leaf_digits) - HALF * 64 ^ (DATA.leaf_digits - 1) + DATA.least }
    end
    local split = SPLITS[whole(DATA.split_digits) + 1]
    local left = node()
    return { feature = split[1], threshold = split[2], left = left, right = node() }
  end
  return node()
end

local TREES = {}
for index, text in ipairs(DATA.trees) do TREES[index] = read_tree(text) end

-- What features (by name, float32) add up to, in units of 1/65536.
local function margin(features)
  local total = DATA.intercept
  for _, node in ipairs(TREES) do
    while node.feature do node = features[node.feature] <= node.threshold and node.left or node.right end
    total = total + node.value
  end
  return total
end

local function score(units)
  if DATA.link == 'identity' then return math.min(math.max(units / UNIT, 0), 1) end
  return 1 / (1 + math.exp(-units / UNIT))
end

-- Judge a URL as written (or resolved): nil where it needs no server.
local function judge(url, is_sheet)
  local resolved = resolve(clean(url))
  if resolved == '' then return nil end
  local features = url_columns(resolved, is_sheet)
  for name, value in pairs(features) do features[name] = float32(value) end
  local units = margin(features)
  return { url = resolved, features = features, margin = units, score = score(units), tracker = units >= DATA.threshold }
end
