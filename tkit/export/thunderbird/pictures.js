// Runs in a shown mail: inserts fetched pictures for those that Thunderbird did not load.

const CARRIERS_OF = {
  img: ["img-src", "img-srcset"],
  image: ["svg-image"],
  input: ["input-image"],
  source: ["source-srcset"],
  style: ["style-element"],
  video: ["video-poster"],
};
const releaser = new Releaser();

function show(pictures) {
  const data = new Map(pictures);
  const rewrite = (url) => data.get(url) ?? url;
  for (const element of document.querySelectorAll("*")) {
    for (const carrier of [...(CARRIERS_OF[element.localName] ?? []), "background-attr", "style-attr"]) {
      releaser.release(element, carrier, rewrite);
    }
  }
}

/** Those of the URLs that an image of the mail has loaded: with remote content on, Thunderbird requested them. */
function loadedOf(urls) {
  const images = Array.from(document.images).filter(({ complete, naturalWidth }) => complete && naturalWidth > 0);
  const sources = new Set(images.map((image) => image.getAttribute("src")?.trim()));
  return urls.filter((url) => sources.has(url));
}

messenger.runtime.onMessage.addListener((message) => {
  if (message.type === "show") return Promise.resolve(show(message.pictures));
  return message.type === "loaded" ? Promise.resolve(loadedOf(message.urls)) : undefined;
});
