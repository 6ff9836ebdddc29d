// Answers each mail on standard input (its length in 4 bytes, then its bytes) with a line: the number of HTML parts that
// mailparser finds, 0 if it refuses the mail. It joins the HTML parts that a client shows, so that they count as one.
import { simpleParser } from "mailparser";

const TYPES = new Set(["text/html", "text/x-amp-html"]);
const OPTIONS = { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true, skipImageLinks: true };

async function htmlParts(mail) {
  try {
    const { html, attachments } = await simpleParser(mail, OPTIONS);
    return (html ? 1 : 0) + attachments.filter((part) => TYPES.has(part.contentType)).length;
  } catch {
    return 0;
  }
}

let waiting = Buffer.alloc(0);
for await (const piece of process.stdin) {
  waiting = Buffer.concat([waiting, piece]);
  while (waiting.length >= 4 && waiting.length >= 4 + waiting.readUInt32BE()) {
    const end = 4 + waiting.readUInt32BE();
    process.stdout.write(`${await htmlParts(waiting.subarray(4, end))}\n`);
    waiting = waiting.subarray(end);
  }
}
