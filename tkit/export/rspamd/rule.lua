-- The rules: they count the trackers and the personalised pictures of a message.

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

-- The symbol of a verdict, and the question whose score says how sure it is.
local SYMBOLS = {
  tracker = { name = 'TKIT_TRACKERS', question = 'tracker' },
  personalised = { name = 'TKIT_PERSONALISED', question = 'individual' },
}

-- The number of pictures with a verdict, and the highest of their scores.
local function summary(verdicts, wanted)
  local count, worst = 0, 0
  for _, found in ipairs(verdicts) do
    if found.verdict == wanted then
      count = count + 1
      worst = math.max(worst, found.score[SYMBOLS[wanted].question])
    end
  end
  return count, worst
end

if rspamd_config and rspamd_config.register_symbol then
  local rule = rspamd_config:register_symbol {
    name = SYMBOLS.tracker.name,
    type = 'normal',
    group = 'tkit',
    score = 0.0, -- a tracker alone is not spam; set a score in local.d/groups.conf
    description = 'Invisible pictures that report to the sender that the mail was opened',
    callback = function(task)
      local verdicts = judge_task(task)
      for wanted, symbol in pairs(SYMBOLS) do
        local count, worst = summary(verdicts, wanted)
        if count > 0 then
          task:insert_result(symbol.name, 1.0, string.format('count=%d', count), string.format('worst=%.4f', worst))
        end
      end
    end,
  }
  rspamd_config:register_symbol {
    name = SYMBOLS.personalised.name,
    type = 'virtual',
    parent = rule,
    group = 'tkit',
    score = 0.0,
    description = 'Visible pictures of the recipient\'s own, which report to the sender that the mail was opened',
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
