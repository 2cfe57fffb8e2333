import { parseInline } from "marked";
import { describe, expect, it } from "vitest";
import { code, cutMiddle, fence, link, prose, visible, words } from "./escape.ts";

describe("prose", () => {
  it("reads the same as what was given, with nothing that pings, links, refers or smiles", () => {
    const said =
      "Ask @octocat in #12, GH-3 or octo/repo#4: https://x.test www.x.test a@x.test :tada: <b> *x* _y_ `z` $1$ | \\";
    const shown = String(parseInline(prose(said))).replace(/&#8203;|\u200b/g, "");
    const decoded = shown
      .replace(/&lt;/g, "<")
      .replace(/&gt;/g, ">")
      .replace(/&#36;/g, "$")
      .replace(/&amp;/g, "&");
    expect(decoded).toBe(said);
    const live = prose(said).replace(/&#?\w+;/g, "\u0001");
    expect(live).not.toMatch(/@\w|#\d|GH-\d|:\/\/|www\.|:\w+:|(?<!\\)[*_`|<>$]/);
  });

  it("takes a commit's sha apart", () => {
    expect(prose("see abcdef0123456789")).toBe("see abc&#8203;def0123456789");
  });
});

describe("code", () => {
  it("holds backticks and bars", () => {
    expect(code("a`b``c")).toBe("```a`b``c```");
    expect(code("`a")).toBe("`` `a ``");
    expect(code("a|b")).toBe("`a\\|b`");
    expect(code("a\\|b\\")).toBe("`a∖\\|b∖`");
    expect(code(" \n ")).toBe("` `");
  });
});

describe("a fence", () => {
  it("is longer than any fence inside", () => {
    expect(fence("text", ["a", "````", "b"])).toBe("`````text\na\n````\nb\n`````");
  });
});

describe("what can't be seen", () => {
  it("is shown by its code point", () => {
    expect(visible("a\u202eb\u0000\ud800c\u{e0041}")).toBe("a\\u{202e}b\\u{0}\\u{d800}c\\u{e0041}");
    expect(visible("ä 漢 😀\n\t")).toBe("ä 漢 😀\n\t");
  });
});

describe("a long text", () => {
  it("is cut in the middle, between characters", () => {
    const cut = cutMiddle("😀".repeat(100), 61);
    expect(cut.length).toBeLessThanOrEqual(61);
    expect(cut.isWellFormed()).toBe(true);
    expect(cut).toContain("139 more characters");
  });
});

describe("a link", () => {
  it("leads to web pages only, and can't be broken out of", () => {
    expect(link("run", "javascript:alert(1)")).toBe("run");
    expect(link("run", "https://x.test/a)b [c](d)")).toBe("[run](https://x.test/a%29b%20%5bc%5d%28d%29)");
    expect(link("run", "https://user:hunter2@x.test/")).toBe("[run](https://x.test/)");
  });
});

describe("words", () => {
  it("stand as they are where they are plain, else as code", () => {
    expect(words("hcloud Server")).toBe("hcloud Server");
    expect(words("see www.x.test")).toBe("`see www.x.test`");
    expect(words("a_b_c")).toBe("`a_b_c`");
  });
});
