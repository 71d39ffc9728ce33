// The entries of the selector of addresses. Most are hosts, one or several, that
// take the port of the field. Addresses of which each has a port of its own are
// an entry that keeps them.

import { hostPort, splitHostPort } from './format.js';

const everyAddress = ''; // a host that is left out

// The entries for every address, for those of this machine, and then for other
// places: each a list of addresses with ports, to which there is a way back.
export function choicesOf(machine, places) {
  const hosts = [[everyAddress], ...machine.map((address) => [address])].map(hostsChoice);
  const choices = [...hosts, ...places.map(choiceOf)];
  return new Map(choices.map((choice) => [choice.value, choice]));
}

// choiceOf is the entry that stands for such a list.
export function choiceOf(addresses) {
  const parts = addresses.map(splitHostPort);
  const ports = new Set(parts.map(({ port }) => port));
  if (ports.size === 1) return hostsChoice(parts.map(({ address }) => address));
  return { value: addresses.join(), label: addresses.map(placeName).join(', '), takesPort: false, at: () => addresses };
}

// A single host is the value of its own entry.
function hostsChoice(hosts) {
  return {
    value: hosts.join(),
    label: hosts.length === 1 ? hostName(hosts[0]) : enumerated(hosts.map((host) => host || 'every address')),
    takesPort: true,
    at: (port) => hosts.map((host) => hostPort(host, port)),
  };
}

function hostName(host) {
  return {
    [everyAddress]: 'every address (IPv4 and IPv6)',
    '0.0.0.0': '0.0.0.0 (every IPv4 address)',
    '::': ':: (every IPv6 address)',
  }[host] ?? host;
}

function enumerated(names) {
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}

// placeName is how an address with a port is written in a sentence.
export function placeName(joined) {
  const { address, port } = splitHostPort(joined);
  return address === everyAddress ? `every address, port ${port}` : joined;
}
