// Shows the timelines that the recorder sends. Texts are set as text, never as HTML.
const SVG = "http://www.w3.org/2000/svg";
const rows = new Map();
let latest = 0;

function shape(name, attributes, title) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (title) element.appendChild(document.createElementNS(SVG, "title")).textContent = title;
  return element;
}

function moment(seconds) {
  return new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

function later(seconds, start) {
  const hours = (seconds - start) / 3600;
  if (hours < 1) return `after ${Math.round(hours * 60)} min`;
  return hours < 48 ? `after ${hours.toFixed(1)} h` : `after ${(hours / 24).toFixed(1)} days`;
}

function draw(row) {
  const { timeline, cells } = row;
  const { opens, clicks, sent } = timeline;
  cells[0].textContent = timeline.recipient;
  cells[1].textContent = opens.length ? later(opens[0].time, sent) : "not opened";
  cells[2].textContent = opens.length;
  cells[3].textContent = opens.length > 1 ? later(opens.at(-1).time, sent) : "";
  const span = Math.max(latest - sent, 3600);
  const at = (seconds) => `${Math.min(100, (100 * (seconds - sent)) / span)}%`;
  const picture = shape("svg", {});
  picture.append(shape("line", { x1: "0", x2: "100%", y1: "50%", y2: "50%" }));
  for (const open of opens) picture.append(shape("circle", { cx: at(open.time), cy: "50%", r: 4 }, `${moment(open.time)}, ${open.agent}`));
  for (const click of clicks) {
    picture.append(shape("rect", { x: at(click.time), y: "25%", width: 5, height: 5 }, `${moment(click.time)}, link, ${click.agent}`));
  }
  cells[4].replaceChildren(picture);
}

function show(timeline) {
  const key = JSON.stringify([timeline.mailing, timeline.recipient]);
  if (!rows.has(key)) {
    const line = document.getElementById("rows").insertRow();
    rows.set(key, { cells: Array.from({ length: 5 }, () => line.insertCell()) });
  }
  const row = rows.get(key);
  row.timeline = timeline;
  const newest = Math.max(timeline.sent, ...timeline.opens.map((open) => open.time), ...timeline.clicks.map((click) => click.time));
  if (newest > latest) {
    latest = newest;
    rows.forEach(draw);
  } else {
    draw(row);
  }
  const opened = [...rows.values()].filter((one) => one.timeline.opens.length).length;
  document.getElementById("sum").textContent = `${opened} of ${rows.size} opened, the sender believes. Last request: ${moment(latest)} UTC.`;
}

new EventSource("events").onmessage = (event) => show(JSON.parse(event.data));
