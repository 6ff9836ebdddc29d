// Prints the HTML and the header fields of every mail of a store, as pst-extractor reads them: one JSON list.
import { PSTFile } from "pst-extractor";

const found = [];
function walk(folder) {
  for (const inner of folder.hasSubfolders ? folder.getSubFolders() : []) walk(inner);
  if (!folder.contentCount) return;
  for (let item = folder.getNextChild(); item != null; item = folder.getNextChild()) {
    if (!/^IPM\.(Note|Schedule\.Meeting)/.test(item.messageClass)) continue;
    found.push({ folder: folder.displayName, subject: item.subject, html: item.bodyHTML, headers: item.transportMessageHeaders });
  }
}
walk(new PSTFile(process.argv[2]).getRootFolder());
console.log(JSON.stringify(found));
