import { EXAMPLE } from "../../template.ts";
import { offeredTypes } from "../facts/hetzner.ts";
import { type Question, shaped } from "../question.ts";
import { chosenSetting, ownSetting } from "../stack-files.ts";
import { listed } from "./github.ts";

export const domain: Question = {
  name: "domain",
  text: "Your domain",
  purpose: "It has to be a zone at Cloudflare: the hosts of all stacks are below it.",
  link: "https://dash.cloudflare.com (Add a domain)",
  find: async (bench) => ownSetting(bench, "domain") ?? chosenSetting(bench, "domain"),
  check: shaped(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, "a domain in lower case"),
};

export const location: Question = {
  name: "location",
  text: "Where shall the servers stand?",
  purpose: "A location of Hetzner Cloud.",
  link: "https://docs.hetzner.com/cloud/general/locations/",
  choices: [
    { value: "hil", text: "Hillsboro, Oregon" },
    { value: "ash", text: "Ashburn, Virginia" },
    { value: "nbg1", text: "Nuremberg" },
    { value: "fsn1", text: "Falkenstein" },
    { value: "hel1", text: "Helsinki" },
    { value: "sin", text: "Singapore" },
  ],
  find: async (bench) => chosenSetting(bench, "location"),
  suggest: async () => "hil",
};

export const serverType: Question = {
  name: "server-type",
  text: "Which server type?",
  purpose: "What the location offers today, and its price, is Hetzner's own list.",
  link: "https://www.hetzner.com/cloud/",
  find: async (bench) => chosenSetting(bench, "serverType"),
  async suggest(bench) {
    const offered = await offeredTypes(bench, await bench.ask(location));
    // Docker, a proxy and an app want two cores and 4 GB.
    const roomy = offered.filter(({ cores, memory }) => cores >= 2 && memory >= 4);
    const had = roomy.find(({ available }) => available !== false);
    return (had ?? roomy[0] ?? offered[0])?.name;
  },
  async check(bench, answer) {
    const place = await bench.ask(location);
    const offered = await offeredTypes(bench, place);
    const found = offered.find(({ name }) => name === answer);
    if (!found)
      return [
        {
          wrong: true,
          text: `${place} does not offer ${answer}; it has ${offered.map(({ name, price }) => `${name} (${price.toFixed(2)} a month)`).join(", ")}.`,
        },
      ];
    const cost = `${answer} costs ${found.price.toFixed(2)} a month in ${place}, without VAT and address`;
    return [
      {
        wrong: false,
        text: found.available === false ? `${cost}, and is sold out there at the moment.` : `${cost}.`,
      },
    ];
  },
};

export const image: Question = {
  name: "image",
  text: "Your app's image, by digest",
  purpose: "What the servers run. Without one, the example's stays in place until you have built your own.",
  find: async (bench) => ownSetting(bench, "image") ?? chosenSetting(bench, "image"),
  suggest: async () => EXAMPLE.image,
  check: shaped(/^[a-z0-9.\-/:_]+@sha256:[0-9a-f]{64}$/, "name@sha256:… with 64 hexadecimal digits"),
};

export const adminRanges: Question = {
  name: "admin-ranges",
  text: "From which addresses may /admin be reached? CIDR ranges, separated by commas",
  purpose: "Your office or your VPN, 203.0.113.0/24 for example. Left out, nobody reaches it.",
  optional: true,
  find: async (bench) => chosenSetting(bench, "adminRanges"),
  async check(_bench, answer) {
    const bad = listed(answer).filter((range) => !/^[0-9a-f.:]+\/\d{1,3}$/i.test(range));
    return bad.length === 0 ? [] : [{ wrong: true, text: `No CIDR range: ${bad.join(", ")}.` }];
  },
};
