import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decode,
  encode,
  isMap,
  markLike,
  type PropertyMap,
  type PropertyValue,
  reveal,
  revealMap,
  Secret,
  UNKNOWN,
} from "./property.ts";

// What google-protobuf writes as a plain object can't have this key.
const key = fc.string().filter((text) => text !== "__proto__");
const { value } = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.string(),
    fc.boolean(),
    fc.integer(),
    fc.constant(UNKNOWN),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(key, tie("value"), { maxKeys: 3 }),
    tie("value").map((inner) => new Secret(inner)),
  ),
}));
const map = fc.dictionary(key, value, { maxKeys: 4 }).map((each): PropertyMap => ({ ...each }));

describe("properties on the wire", () => {
  test("come back as they were, secrets and unknowns and all", () => {
    fc.assert(
      fc.property(map, (properties) => {
        expect(decode(encode(properties, { secrets: true }))).toEqual(properties);
      }),
    );
  });
  test("are plain for an engine that takes no secrets", () => {
    fc.assert(
      fc.property(map, (properties) => {
        expect(decode(encode(properties, { secrets: false }))).toEqual(revealMap(properties));
      }),
    );
  });
});

test("what is marked like something secret is secret there, and otherwise unchanged", () => {
  fc.assert(
    fc.property(map, (properties) => {
      const marked = markLike(revealMap(properties), properties);
      expect(shown(marked)).toEqual(shown(properties));
      expect(reveal(marked)).toEqual(revealMap(properties));
    }),
  );
  expect(markLike(["a", "b"], [new Secret("a")])).toEqual(new Secret(["a", "b"]));
});

/** What of a value may be seen. */
function shown(value: PropertyValue): PropertyValue {
  if (value instanceof Secret) return "[secret]";
  if (Array.isArray(value)) return value.map(shown);
  return isMap(value)
    ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, shown(part)]))
    : value;
}
