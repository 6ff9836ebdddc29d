-- The rule: it counts the trackers among the pictures of a message.

-- The verdict on each picture in <img src> of the HTML of a message; each URL once.
local function judge_task(task)
  local verdicts, known = {}, {}
  for _, part in ipairs(task:get_text_parts() or {}) do
    local html = part:is_html() and part:get_html()
    for _, image in ipairs(html and html:get_images() or {}) do
      local source = image.src and tostring(image.src)
      if source and not image.embedded and not known[source] then
        known[source] = true
        local verdict = judge(source, false)
        if verdict then verdicts[#verdicts + 1] = verdict end
      end
    end
  end
  return verdicts
end

-- The number of trackers among the verdicts, and the highest score.
local function summary(verdicts)
  local count, worst = 0, 0
  for _, verdict in ipairs(verdicts) do
    if verdict.tracker then count = count + 1 end
    worst = math.max(worst, verdict.score)
  end
  return count, worst
end

if rspamd_config and rspamd_config.register_symbol then
  rspamd_config:register_symbol {
    name = 'TKIT_TRACKERS',
    type = 'normal',
    group = 'tkit',
    score = 0.0, -- a tracker alone is not spam; set a score in local.d/groups.conf
    description = 'Pictures that report to the sender that the mail was opened',
    callback = function(task)
      local count, worst = summary(judge_task(task))
      if count == 0 then return false end
      return true, 1.0, string.format('count=%d', count), string.format('worst=%.4f', worst)
    end,
  }
end

return {
  schema = DATA.schema,
  clean = clean,
  resolve = resolve,
  unwrap = unwrap,
  registrable_domain = registrable_domain,
  url_columns = url_columns,
  float32 = float32,
  margin = margin,
  score = score,
  judge = judge,
  judge_task = judge_task,
  summary = summary,
}
