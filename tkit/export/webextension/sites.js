// Where mails are shown, which requests of such pages are held until the mail is judged, and the rules that hold them.

const EVERY_TYPE = ["image", "media", "font", "stylesheet", "object", "sub_frame", "other"];
const RELEASED_TYPES = ["image", "media", "font", "stylesheet", "other"]; // those that cannot read their own URL
const PICTURE_TYPES = ["image", "media"];

// The request type of each carrier; "image" is left out.
const TYPE_OF = {
  "css-import": "stylesheet",
  "embed-src": "object",
  "font-face": "font",
  "frame-src": "sub_frame",
  "iframe-src": "sub_frame",
  "link-preconnect": "none",
  "link-preload": "other",
  "link-stylesheet": "stylesheet",
  "media-src": "media",
  "meta-refresh": "main_frame",
  "object-data": "object",
  "script-src": "script",
};

// Outlook's own pictures come from these; inline attachments come from `attachments.office.net`.
const OUTLOOK_OWN = [
  ...["cloud.microsoft", "live.com", "live.net", "microsoft.com", "microsoftonline.com", "msauth.net", "msftauth.net"],
  ...["office.com", "office.net", "office365.com", "onedrive.com", "outlook.com", "sfx.ms", "sharepoint.com", "skype.com"],
];

/**
 * The kinds of page.
 *
 * `message` selects the elements that contain a message; "" if the whole document is one. `body` selects, in such an
 * element, what replaces the mail's `body`. `held` lists the requests of a page that are held: only to `to`, if given, and
 * only with `path` in the URL; never to the page's own host or to `own`.
 */
export const KINDS = {
  gmail: {
    title: "Gmail",
    message: ".a3s",
    body: "",
    types: PICTURE_TYPES,
    // Gmail loads all pictures of mails through these two, and none of its own.
    held: [
      { to: ["googleusercontent.com"], path: "/proxy/" },
      { to: ["googleusercontent.com"], path: "/meips/" },
    ],
  },
  outlook: {
    title: "Outlook on the web",
    message: "[id^='UniqueMessageBody']",
    body: "",
    types: PICTURE_TYPES,
    held: [{ own: OUTLOOK_OWN }, { to: ["outlook.com"], path: "/proxy/" }],
  },
  roundcube: { title: "Roundcube", message: ".message-htmlpart", body: ".rcmBody", types: EVERY_TYPE, held: [{}] },
  page: { title: "pages that are mails", message: "", body: "", types: EVERY_TYPE, held: [{}] },
};

/** Hosts of known kind. */
export const KNOWN = {
  "mail.google.com": "gmail",
  "outlook.live.com": "outlook",
  "outlook.office.com": "outlook",
  "outlook.office365.com": "outlook",
  "outlook.cloud.microsoft": "outlook",
};

const HOLD_PRIORITY = 1;
const RELEASE_PRIORITY = 2;

const isOn = (hostname, domain) => hostname === domain || hostname.endsWith(`.${domain}`);

/** The pages of a site: as in rules, a host includes its subdomains. */
export const originsOf = (host) => [/^[\d.]+$/.test(host) ? `*://${host}/*` : `*://*.${host}/*`];

/** The site that a page belongs to. */
export const siteOf = (sites, hostname) => sites.find(({ host }) => isOn(hostname, host));

/** The rules that hold requests of the pages of a site; `firstId` is the id of the first rule. */
export function holdRules({ host, kind, own = [] }, firstId) {
  const { types, held } = KINDS[kind];
  return held.map((part, number) => ({
    id: firstId + number,
    priority: HOLD_PRIORITY,
    action: { type: "block" },
    condition: {
      initiatorDomains: [host],
      ...(part.to ? { requestDomains: part.to } : { excludedRequestDomains: [host, ...(part.own ?? []), ...own] }),
      ...(part.path ? { urlFilter: part.path } : {}),
      resourceTypes: types,
    },
  }));
}

/** The rule that releases URLs with the mark, which is at the end of the URL, after #. */
export function releaseRule(mark, id) {
  return {
    id,
    priority: RELEASE_PRIORITY,
    action: { type: "allow" },
    condition: { urlFilter: `${mark}|`, isUrlFilterCaseSensitive: true, resourceTypes: RELEASED_TYPES },
  };
}

/** Whether requests of a site's page for a URL in references of these carriers are held. */
export function isHeld({ host, kind, own = [] }, url, carriers) {
  if (!carriers.every((carrier) => KINDS[kind].types.includes(TYPE_OF[carrier] ?? "image"))) return false;
  const { hostname } = new URL(url);
  const isAmong = (domains) => domains.some((domain) => isOn(hostname, domain));
  return KINDS[kind].held.some((part) => {
    const isElsewhere = part.to ? isAmong(part.to) : !isAmong([host, ...(part.own ?? []), ...own]);
    return isElsewhere && url.toLowerCase().includes(part.path ?? "");
  });
}
