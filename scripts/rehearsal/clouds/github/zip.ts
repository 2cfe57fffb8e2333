import { crc32, deflateRawSync } from "node:zlib";

/** 1 January 1980, the first day that the format knows: equal files give equal archives. */
const DOS_DATE = 0x21;
const DEFLATE = 8;

/** A ZIP archive of the files, as the artifact service makes it (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). */
export function zip(files: Record<string, Uint8Array>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [path, bytes] of Object.entries(files)) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(bytes);
    const header = fields(crc32(bytes), packed.length, bytes.length, name.length);
    const entry = Buffer.concat([Buffer.from("PK\x03\x04"), header, name, packed]);
    local.push(entry);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from([20, 3]);
    central.push(Buffer.concat([Buffer.from("PK\x01\x02"), madeBy, header, tail, name]));
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(central.length, 8);
  end.writeUInt16LE(central.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** The 26 bytes that the local and the central header share: from "version needed" to "extra field length". */
function fields(crc: number, packed: number, size: number, nameLength: number): Buffer {
  const buffer = Buffer.alloc(26);
  buffer.writeUInt16LE(20, 0);
  buffer.writeUInt16LE(0x0800, 2);
  buffer.writeUInt16LE(DEFLATE, 4);
  buffer.writeUInt16LE(DOS_DATE, 8);
  buffer.writeUInt32LE(crc, 10);
  buffer.writeUInt32LE(packed, 14);
  buffer.writeUInt32LE(size, 18);
  buffer.writeUInt16LE(nameLength, 22);
  return buffer;
}
