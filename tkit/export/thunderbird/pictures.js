// Runs in a shown mail: says which images Thunderbird requested, and inserts fetched pictures for those that it did not.

const CARRIERS_OF = {
  img: ["img-src", "img-srcset"],
  image: ["svg-image"],
  input: ["input-image"],
  source: ["source-srcset"],
  style: ["style-element"],
  video: ["video-poster"],
};
const NO_REQUEST = "Invalid image request."; // Gecko's words; of a request that failed it says "Invalid encoded image data."
const releaser = new Releaser();
const requested = new Map(); // URL of an image -> whether Thunderbird requested it

/** Whether Thunderbird requested an image, at any time after the mail was parsed: finished, failed or still under way. */
function isRequested(image) {
  const decoded = image.decode().then(
    () => true,
    ({ message }) => message !== NO_REQUEST,
  );
  // Without a request the promise is rejected before any timer ends; with one it waits for the server.
  return Promise.race([decoded, new Promise((resolve) => setTimeout(resolve, 0, true))]);
}

async function readRequests() {
  if (document.readyState === "loading") await new Promise((resolve) => document.addEventListener("DOMContentLoaded", resolve));
  const images = Array.from(document.querySelectorAll("img, image"));
  const answers = await Promise.all(images.map(isRequested));
  images.forEach((image, place) => {
    const url = image.href ? URL.parse(image.href.baseVal, document.baseURI)?.href : image.currentSrc;
    if (url) requested.set(url, answers[place] || (requested.get(url) ?? false));
  });
  return Array.from(requested);
}

async function show(pictures) {
  await readRequests(); // the inserted pictures take the place of these images' URLs
  const data = new Map(pictures);
  const rewrite = (url) => data.get(url) ?? url;
  for (const element of document.querySelectorAll("*")) {
    for (const carrier of [...(CARRIERS_OF[element.localName] ?? []), "background-attr", "style-attr"]) {
      releaser.release(element, carrier, rewrite);
    }
  }
}

messenger.runtime.onMessage.addListener(({ type, pictures }) => {
  if (type === "show") return show(pictures);
  return type === "requests" ? readRequests() : undefined;
});
messenger.runtime.sendMessage({ type: "started" }); // the mail is judged now if it was not; a popup that is already open asks again
