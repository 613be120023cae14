import { create, rename } from "./groups.js";
import { members } from "./members.js";
import { RequestError } from "./request.js";
import { courseId } from "./settings.js";

const NEW = "7d9f0f5e-2c3b-4f4a-8a57-0b1c5a1f0001";

const lines: string[] = [];
for await (const each of members(courseId, 2)) lines.push(each);

const created = await create(courseId, "Thursday", NEW);
const taken = await create(courseId, "Thursday", NEW);
const wrong = await create(courseId, "", NEW);
const renamed = await rename(created, "Friday", 0);
const late = await rename(created, "Saturday", "0");
const refused = await members("no id at all", 2)
  .next()
  .catch((error: unknown) => (error instanceof RequestError ? error.code : String(error)));

console.log(JSON.stringify({ lines, created, taken, wrong, renamed, late, refused }));
