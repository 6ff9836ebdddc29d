// References to numbers, by the names of tkit's schema; every flag is 0 or 1.
import { CARRIER_FEATURES } from "./data.js";
import { ABSENT, dimension, parseStyle } from "./style.js";
import { countCodePoints, partition } from "./text.js";
import { analyse, usefulTokens } from "./tokens.js";
import { originOf, registrableDomain, unwrap } from "./url.js";

const NO_STYLE = { width: ABSENT, height: ABSENT, maxWidth: ABSENT, maxHeight: ABSENT, hides: false, properties: 0 };

/** The columns of a URL and of how it is requested, in groups. */
export function urlGroups({ resolvedUrl, carrier }) {
  const url = unwrap(resolvedUrl);
  return { url: analyse(url).columns, request: requestColumns(resolvedUrl, url, carrier) };
}

function requestColumns(resolvedUrl, url, carrier) {
  return { wrapped: Number(url !== resolvedUrl), carrier_sheet: Number(CARRIER_FEATURES.sheet.has(carrier)) };
}

/**
 * What url and element can see of each remote reference of a document, as readDocument returns it.
 *
 * Returns `reference`, `picture` (what is known of its URL) and `groups`, objects of columns.
 */
export function documentRows(document) {
  const remote = document.references.filter((reference) => reference.resolvedUrl);
  const places = placeColumns(document);
  const pictures = new Map(); // every URL of the references once
  const rows = remote.map((reference, number) => {
    const url = unwrap(reference.resolvedUrl);
    if (!pictures.has(url)) pictures.set(url, pictureOf(url));
    const picture = pictures.get(url);
    picture.count++;
    const groups = {
      url: picture.columns,
      request: requestColumns(reference.resolvedUrl, url, reference.carrier),
      own: ownColumns(reference, picture.domain),
      place: places[number],
    };
    return { reference, picture, groups };
  });
  const relations = relationColumns(Array.from(pictures.values()), linksOf(document.links));
  const shared = sharedColumns(rows, document.links.length);
  rows.forEach(({ picture, groups }, number) => {
    groups.relations = relations.get(picture);
    groups.shared = shared[number];
  });
  return rows;
}

// -- the element ---------------------------------------------------------------------------------------------------

function ownColumns({ carrier, element, ancestry, hasTextBeside, isConditional }, domain) {
  const has = (name) => element.hasAttribute(name);
  const lengthOf = (name) => (has(name) ? countCodePoints(element.getAttribute(name)) : ABSENT);
  const text = element.getAttribute("style");
  const style = text ? parseStyle(text) : NO_STYLE;
  const attrWidth = dimension(element.getAttribute("width"));
  const attrHeight = dimension(element.getAttribute("height"));
  const width = least(attrWidth, style.width, style.maxWidth);
  const height = least(attrHeight, style.height, style.maxHeight);
  const given = Number(width >= 0) + Number(height >= 0);
  const short = least(width, height);
  const long = Math.max(width, height);
  const { link } = ancestry;
  return {
    carrier_img: Number(CARRIER_FEATURES.picture.has(carrier)),
    carrier_background: Number(CARRIER_FEATURES.background.has(carrier)),
    carrier_css: Number(CARRIER_FEATURES.css.has(carrier)),
    conditional: Number(isConditional),
    attr_width: attrWidth,
    attr_height: attrHeight,
    style_width: style.width,
    style_height: style.height,
    style_max_width: style.maxWidth,
    style_max_height: style.maxHeight,
    width,
    height,
    sides_given: given,
    short_side: short,
    long_side: long,
    tiny: Number(given > 0 && long <= 3),
    thin: Number(given === 2 && short <= 3 && long > 3),
    hidden: Number(style.hides || has("hidden")),
    hidden_around: Number(ancestry.isHidden),
    alt_length: lengthOf("alt"),
    title_length: lengthOf("title"),
    border_given: Number(has("border")),
    name_given: Number(has("id") || has("class")),
    attributes: element.attributes.length,
    style_properties: style.properties,
    depth: ancestry.depth,
    tables: ancestry.tables,
    parent_body: Number(ancestry.parent === "body"),
    parent_cell: Number(ancestry.parent === "td" || ancestry.parent === "th"),
    text_beside: Number(hasTextBeside),
    in_link: Number(link !== null),
    link_same_domain: Number(link !== null && domainOfLink(link) === domain),
  };
}

/** The least length that is given; ABSENT if none is. */
function least(...lengths) {
  const given = lengths.filter((length) => length >= 0);
  return given.length ? Math.min(...given) : ABSENT;
}

/** The registrable domain of a link as written. */
function domainOfLink(link) {
  const found = /^[a-zA-Z]+:[/\\]+(?:[^/?#@\\]*@)?([^/?#:\\]+)/.exec(link);
  return found ? registrableDomain(found[1].toLowerCase()) : "";
}

// -- its place -----------------------------------------------------------------------------------------------------

function placeColumns({ references, links, marks }) {
  const count = references.filter((reference) => reference.resolvedUrl).length;
  const found = [];
  references.forEach(({ resolvedUrl, order }, index) => {
    if (!resolvedUrl) return;
    const before = found.length;
    found.push({
      place: order / Math.max(marks - 1, 1),
      marks_before: order,
      marks_after: marks - 1 - order,
      references_before: before,
      references_after: count - 1 - before,
      links_after: links.length - (order - index), // everything before it is a link or a reference, local ones too
    });
  });
  return found;
}

// -- the document's other references -------------------------------------------------------------------------------

/** The properties of a URL that are compared. */
function compared(url) {
  const { host, domain } = originOf(url);
  return { host, domain, segment: /^[a-z]+:\/\/[^/?#]*\/[^/?#]+/.exec(url)?.[0] ?? "" };
}

function pictureOf(url) {
  const { columns, tokens } = analyse(url);
  const path = partition(url, "?")[0];
  const slash = path.lastIndexOf("/");
  const longest = tokens.reduce((most, token) => Math.max(most, token.length), 0);
  return { url, columns, tokens, longest, directory: path.slice(0, Math.max(slash, 0)), count: 0, ...compared(url) };
}

/** Every distinct URL of the links with its count; links that need no server are left out. */
function linksOf(resolved) {
  const links = new Map();
  for (const written of resolved) {
    if (!written) continue;
    const url = unwrap(written);
    if (!links.has(url)) links.set(url, { url, count: 0, tokens: usefulTokens(url), ...compared(url) });
    links.get(url).count++;
  }
  return Array.from(links.values());
}

/** How often each value of a property occurs, each item counted `weight` times. */
function tally(items, property, weight = () => 1) {
  const counts = new Map();
  for (const item of items) counts.set(item[property], (counts.get(item[property]) ?? 0) + weight(item));
  return counts;
}

/** The items by each value that `valuesOf` returns for them; each item once per value. */
function index(items, valuesOf) {
  const found = new Map();
  for (const item of items) {
    for (const value of new Set(valuesOf(item))) {
      if (!found.has(value)) found.set(value, []);
      found.get(value).push(item);
    }
  }
  return found;
}

const share = (part, whole) => (whole > 0 ? part / whole : 0);
const textsOf = (item) => item.tokens.map((token) => token.text);
const shapesOf = (item) => item.tokens.map((token) => token.shape);

/** Columns of each distinct URL: how the document's other URLs and links compare with it. */
function relationColumns(pictures, links) {
  const others = pictures.length - 1;
  const sum = (of) => pictures.reduce((total, picture) => total + of(picture), 0);
  const onHost = tally(pictures, "host");
  const onDomain = tally(pictures, "domain");
  const inDirectory = tally(pictures, "directory");
  const linkCount = links.reduce((total, link) => total + link.count, 0);
  const linksOnHost = tally(links, "host", (link) => link.count);
  const linksOnDomain = tally(links, "domain", (link) => link.count);
  const linkSegments = tally(links, "segment");
  const linksByToken = index(links, textsOf);
  const linksByShape = index(links, shapesOf);
  const picturesByToken = index(pictures, textsOf);
  const picturesByShape = index(pictures, shapesOf);
  const namedAsPictures = sum((picture) => picture.columns.extension_picture);
  const plain = sum((picture) => Number(picture.longest === 0));
  const [first = 0, second = 0] = pictures.map((picture) => picture.longest).sort((a, b) => b - a);

  return new Map(
    pictures.map((picture) => {
      const { tokens, longest } = picture;
      const longestOf = (has) => tokens.reduce((most, token) => (token.length > most && has(token) ? token.length : most), 0);
      const linkShare = (byValue, values) => {
        const sharing = new Set(values.flatMap((value) => byValue.get(value) ?? []));
        let count = 0;
        for (const link of sharing) count += link.count;
        return share(count, linkCount);
      };
      const elsewhere = longest === first ? second : first;
      const columns = {
        repeats: picture.count,
        same_host: onHost.get(picture.host) - 1,
        same_host_share: share(onHost.get(picture.host) - 1, others),
        same_domain_share: share(onDomain.get(picture.domain) - 1, others),
        same_directory: inDirectory.get(picture.directory) - 1,
        links_same_host: share(linksOnHost.get(picture.host) ?? 0, linkCount),
        links_same_domain: share(linksOnDomain.get(picture.domain) ?? 0, linkCount),
        picture_names_others: share(namedAsPictures - picture.columns.extension_picture, others),
        token_in_links: longestOf((token) => linksByToken.has(token.text)),
        token_links_share: linkShare(linksByToken, textsOf(picture)),
        shape_in_links: longestOf((token) => linksByShape.has(token.shape)),
        shape_links_share: linkShare(linksByShape, shapesOf(picture)),
        token_in_pictures: longestOf((token) => picturesByToken.get(token.text).length > 1),
        shape_in_pictures: longestOf((token) => picturesByShape.get(token.shape).length > 1),
        own_token: longestOf((token) => picturesByToken.get(token.text).length === 1),
        longest_token_others: elsewhere,
        token_excess: longest - elsewhere,
        plain_others_share: share(plain - Number(longest === 0), others),
        segment_in_links: Number(linkSegments.has(picture.segment)),
      };
      return [picture, columns];
    }),
  );
}

/** Columns of each reference that count the document's references, including repeated ones. */
function sharedColumns(rows, linkCount) {
  const isSmall = ({ groups: { own } }) => Number(own.tiny > 0 || own.hidden > 0 || own.hidden_around > 0);
  const isOrdinary = ({ groups: { own } }) => Number(own.short_side > 3);
  const small = rows.reduce((count, row) => count + isSmall(row), 0);
  const ordinaryOnHost = new Map();
  for (const row of rows) {
    const { host } = row.picture;
    ordinaryOnHost.set(host, (ordinaryOnHost.get(host) ?? 0) + isOrdinary(row));
  }
  return rows.map((row) => ({
    references: rows.length,
    links: linkCount,
    tiny_others: small - isSmall(row),
    host_shows_pictures: Number(ordinaryOnHost.get(row.picture.host) - isOrdinary(row) > 0),
  }));
}
