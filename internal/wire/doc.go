// Package wire translates between the bytes of DTLS and Go structs: records, handshake fragments,
// handshake messages, extensions and alerts. It holds no policy and no state.
//
// Three rules hold for every type:
//
//   - ParseX(b) accepts exactly the encodings that the RFC allows, consumes its whole input, and returns
//     an error that names the message and the field. What it returns are views: slices that point into b
//     and live as long as b is left alone.
//   - AppendTo(b) appends the encoding to b, as append does. It returns nil when a field is longer than
//     its length prefix can say, which no message that was parsed can be.
//   - Parsing never allocates more than a small multiple of the bytes received; a length that a peer
//     declares is only ever compared with what is there.
//
// Where DTLS 1.3 has a message of DTLS 1.2 in another form, the type of the later one ends in 13.
//
// To add an extension:
//
//  1. Add its constant to extension.go, with the RFC that defines it.
//  2. Add its row to the registry there: name, and the messages it may appear in.
//  3. Add its field to ClientExtensions, ServerExtensions, CertificateExtensions,
//     CertificateRequestExtensions and TicketExtensions, as far as it appears in each.
//  4. Add its case to parseOne (parseOne13 if only DTLS 1.3 has it) and its line to AppendTo (append13) of
//     each; from forty lines on, in a file of its own.
//  5. Add a sample of its bytes to the extension tests; the table tests and fuzz targets do the rest.
package wire
