import { answer } from "calls.mjs";

export default { fetch: answer };
