// What the guide's function for Node says of each message.
import { readFile } from "node:fs/promises";

import { isGenuine } from "./guide.js";

const messages = JSON.parse(await readFile("messages.json", "utf8"));
console.log(
  JSON.stringify(messages.map(({ secret, headers, body }) => isGenuine(secret, headers, Buffer.from(body, "base64")))),
);
