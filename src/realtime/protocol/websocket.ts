const text = 0x81;
const binary = 0x82;

/** A whole text message as the server writes it to the wire: one unmasked frame (RFC 6455, 5.2). */
export function textMessage(content: string): Buffer {
  const bytes = Buffer.byteLength(content);
  const message = headed(text, bytes);
  message.write(content, message.length - bytes);
  return message;
}

/** A whole binary message of these parts. */
export function binaryMessage(parts: Buffer[]): Buffer {
  const bytes = parts.reduce((sum, { length }) => sum + length, 0);
  const message = headed(binary, bytes);
  let at = message.length - bytes;
  for (const part of parts) at += part.copy(message, at);
  return message;
}

/** A buffer for the head and so many bytes, of which the head is written. */
function headed(kind: number, bytes: number): Buffer {
  const head = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10;
  const message = Buffer.allocUnsafe(head + bytes);
  message[0] = kind;
  message[1] = head === 2 ? bytes : head === 4 ? 126 : 127;
  if (head === 4) message.writeUInt16BE(bytes, 2);
  if (head === 10) message.writeBigUInt64BE(BigInt(bytes), 2);
  return message;
}
