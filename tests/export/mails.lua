-- rspamadm lua mails.lua: for each mail file that TKIT_ASKED lists, the count and the worst score of trackers, those of personalised
-- pictures, and verdict and URL of each picture.
local rspamd_task = require 'rspamd_task'
local tkit = dofile(os.getenv('TKIT_MODULE'))
local answers = assert(io.open(os.getenv('TKIT_ANSWERS'), 'w'))
for path in io.lines(os.getenv('TKIT_ASKED')) do
  local ok, task = rspamd_task.load_from_file(path, rspamd_config)
  assert(ok, path)
  task:process_message()
  local verdicts = tkit.judge_task(task)
  for _, verdict in ipairs { 'tracker', 'personalised' } do
    answers:write(string.format('%d\t%.6f\t', tkit.summary(verdicts, verdict)))
  end
  local pictures = {}
  for _, found in ipairs(verdicts) do pictures[#pictures + 1] = found.verdict .. ' ' .. found.url end
  answers:write(table.concat(pictures, ' '), '\n')
  task:destroy()
end
answers:close()
