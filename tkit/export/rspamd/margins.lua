-- rspamadm lua margins.lua: for each row of float32 features, in the order of schema.features, a line with its margins of both
-- questions. The environment says where the module and the rows are, and where the answers go.
local ffi = require 'ffi'
local tkit = dofile(os.getenv('TKIT_MODULE'))
local rows = assert(io.open(os.getenv('TKIT_ROWS'), 'rb'))
local answers = assert(io.open(os.getenv('TKIT_ANSWERS'), 'w'))
local names = tkit.schema.features
local numbers = ffi.new('float[?]', #names)
while true do
  local bytes = rows:read(4 * #names)
  if not bytes then break end
  ffi.copy(numbers, bytes, #bytes)
  local features = {}
  for index, name in ipairs(names) do features[name] = numbers[index - 1] end
  answers:write(string.format('%d %d\n', tkit.margin(features, 'tracker'), tkit.margin(features, 'individual')))
end
answers:close()
