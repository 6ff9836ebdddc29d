-- rspamadm lua columns.lua: for each line of TKIT_ASKED, a URL, its resolved form and its columns in the schema's order.
local tkit = dofile(os.getenv('TKIT_MODULE'))
local answers = assert(io.open(os.getenv('TKIT_ANSWERS'), 'w'))
for url in io.lines(os.getenv('TKIT_ASKED')) do
  local resolved = tkit.resolve(tkit.clean(url))
  local numbers = {}
  if resolved ~= '' then
    local columns = tkit.url_columns(resolved, false)
    for index, name in ipairs(tkit.schema.features) do
      numbers[index] = string.format('%.9g', tkit.float32(assert(columns[name], name)))
    end
  end
  answers:write(resolved, '\t', table.concat(numbers, ' '), '\n')
end
answers:close()
