// What the guide's function for PHP says of each message.
import { readFile } from "node:fs/promises";

import { getPHPLoaderModule } from "@php-wasm/node-8-4";
import { PHP, loadPHPRuntime } from "@php-wasm/universal";

const php = new PHP(await loadPHPRuntime(await getPHPLoaderModule(), { processId: 1 }));
const messages = (await readFile("messages.json")).toString("base64");
const { text } = await php.run({
  code: `<?php
${await readFile("guide.php", "utf8")}
$messages = json_decode(base64_decode('${messages}'), true);
$said = fn ($each) => is_genuine($each['secret'], $each['headers'], base64_decode($each['body']));
echo json_encode(array_map($said, $messages));`,
});
console.log(text);
process.exit(0);
