// The little of the DOM that tkit's module asks for, over parse5's tree (the HTML Standard's parser), for tests in Node.
import { defaultTreeAdapter, parse } from "parse5";

class Node {
  constructor(own, parent, ownerDocument) {
    this.own = own;
    this.parentNode = parent;
    this.ownerDocument = ownerDocument;
    this.childNodes = (own.childNodes ?? []).map((child) => new Node(child, this, ownerDocument ?? this));
    this.childNodes.forEach((child, number) => {
      child.previousSibling = this.childNodes[number - 1] ?? null;
      child.nextSibling = this.childNodes[number + 1] ?? null;
    });
    this.attributes = (own.attrs ?? []).map(({ prefix, name, value }) => ({ name: prefix ? `${prefix}:${name}` : name, value }));
  }

  get nodeType() {
    if (defaultTreeAdapter.isElementNode(this.own)) return 1;
    if (defaultTreeAdapter.isTextNode(this.own)) return 3;
    return { "#comment": 8, "#documentType": 10 }[this.own.nodeName] ?? 9;
  }

  get namespaceURI() {
    return this.own.namespaceURI;
  }

  get content() {
    return this.own.content ? new Node(this.own.content, null, this.ownerDocument) : null;
  }

  get localName() {
    return this.own.tagName;
  }

  get data() {
    return this.own.value ?? this.own.data;
  }

  get textContent() {
    if (this.nodeType === 3) return this.data;
    return this.childNodes.filter((child) => child.nodeType !== 8).map((child) => child.textContent).join("");
  }

  hasAttributes() {
    return this.attributes.length > 0;
  }

  hasAttribute(name) {
    return this.attributes.some((attribute) => attribute.name === name);
  }

  getAttribute(name) {
    return this.attributes.find((attribute) => attribute.name === name)?.value ?? null;
  }

  createTreeWalker(root, show) {
    const nodes = [];
    const walk = (node) => {
      for (const child of node.childNodes) {
        if (show & (1 << (child.nodeType - 1))) nodes.push(child);
        walk(child);
      }
    };
    walk(root);
    return { nextNode: () => nodes.shift() ?? null };
  }
}

/** A document, parsed without scripts as a mail client does. */
export function parseHtml(html) {
  return new Node(parse(html, { scriptingEnabled: false }), null, null);
}
