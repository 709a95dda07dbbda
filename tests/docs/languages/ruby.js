// What the guide's function for Ruby says of each message.
import { readFile } from "node:fs/promises";

import { DefaultRubyVM } from "@ruby/wasm-wasi/dist/node";

const wasm = await readFile("node_modules/@ruby/3.4-wasm-wasi/dist/ruby+stdlib.wasm");
const { vm } = await DefaultRubyVM(await WebAssembly.compile(wasm));
const messages = (await readFile("messages.json")).toString("base64");
vm.eval(await readFile("guide.rb", "utf8"));
console.log(
  vm
    .eval(
      `require "json"
       messages = JSON.parse("${messages}".unpack1("m"))
       JSON.generate(messages.map { |each| genuine?(each["secret"], each["headers"], each["body"].unpack1("m")) })`,
    )
    .toString(),
);
