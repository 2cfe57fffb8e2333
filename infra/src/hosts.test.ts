import { expect, test } from "vitest";
import { hostsOf } from "./hosts.ts";

test("a stack with a suffix keeps all of its hosts one level below the zone and leaves the apex alone", () => {
  const hosts = hostsOf({ domain: "example.com", hostSuffix: "-dev" });
  expect([hosts.app, hosts.site("www"), hosts.server("server1"), hosts.release, hosts.apex]).toEqual([
    "app-dev.example.com",
    "www-dev.example.com",
    "server1-dev.example.com",
    "_release.app-dev.example.com",
    undefined,
  ]);
});

test("a stack without a suffix has the plain names and the apex", () => {
  const hosts = hostsOf({ domain: "example.com", hostSuffix: "" });
  expect([hosts.app, hosts.server("server2"), hosts.apex]).toEqual([
    "app.example.com",
    "server2.example.com",
    "example.com",
  ]);
});
