// Calls methods of the API client inside mcp-redis-cloud, one after the other, and prints what each of them answers.
// Standard input is a list of [class, method, arguments]; the output a list of {result} or {status, error}.
// services.mjs --base-url=… --api-key=… --secret-key=… <calls.json
import { readFileSync } from "node:fs";
import * as services from "mcp-redis-cloud/dist/clients/generated/index.js";

const answers = [];
for (const [name, method, args] of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    answers.push({ result: (await services[name][method](...args)) ?? null });
  } catch (error) {
    answers.push({ status: error.status ?? 0, error: error.body ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
