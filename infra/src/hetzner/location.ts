/** Each location's network zone; a subnet has to be in the zone of its servers. https://docs.hetzner.com/cloud/general/locations/ */
export const NETWORK_ZONES = {
  fsn1: "eu-central",
  nbg1: "eu-central",
  hel1: "eu-central",
  ash: "us-east",
  hil: "us-west",
  sin: "ap-southeast",
} as const;

export type Location = keyof typeof NETWORK_ZONES;
