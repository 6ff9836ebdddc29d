-- rspamadm lua mails.lua: for each mail file that TKIT_ASKED lists, the count of trackers, the worst score and the URLs.
local rspamd_task = require 'rspamd_task'
local tkit = dofile(os.getenv('TKIT_MODULE'))
local answers = assert(io.open(os.getenv('TKIT_ANSWERS'), 'w'))
for path in io.lines(os.getenv('TKIT_ASKED')) do
  local ok, task = rspamd_task.load_from_file(path, rspamd_config)
  assert(ok, path)
  task:process_message()
  local verdicts = tkit.judge_task(task)
  local count, worst = tkit.summary(verdicts)
  local urls = {}
  for _, verdict in ipairs(verdicts) do urls[#urls + 1] = (verdict.tracker and '!' or '') .. verdict.url end
  answers:write(string.format('%d\t%.6f\t', count, worst), table.concat(urls, ' '), '\n')
  task:destroy()
end
answers:close()
