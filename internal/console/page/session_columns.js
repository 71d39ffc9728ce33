// The columns of the table of sessions. Those with a sort key can be sorted by.

import { bytes, count, duration } from './format.js';

export const columns = [
  { title: 'Peer', sort: 'peer', text: (s) => s.peer },
  { title: 'Identity or subject', sort: 'identity', text: (s) => whoIs(s) },
  { title: 'Version', sort: 'version', text: (s) => s.version },
  { title: 'Cipher suite', sort: 'cipher', text: (s) => s.cipher },
  { title: 'Resumed', text: (s) => (s.resumed ? 'yes' : 'no') },
  { title: 'Age', sort: 'age', number: true, text: (s) => (s.established ? duration(s.age_ms) : '') },
  { title: 'Idle', sort: 'idle', number: true, text: (s) => (s.established ? duration(s.idle_ms) : '') },
  { title: 'Received', sort: 'received', number: true, text: (s) => count(s.received) },
  { title: 'Bytes in', sort: 'received_bytes', number: true, text: (s) => bytes(s.received_bytes) },
  { title: 'Sent', sort: 'sent', number: true, text: (s) => count(s.sent) },
  { title: 'Bytes out', sort: 'sent_bytes', number: true, text: (s) => bytes(s.sent_bytes) },
  { title: 'Resent', sort: 'retransmissions', number: true, text: (s) => count(s.retransmissions) },
  { title: 'Drops', sort: 'drops', number: true, text: (s) => count(s.drops) },
];

export function whoIs(session) {
  return session.identity || session.subject || (session.established ? 'anonymous' : 'handshake in progress');
}
