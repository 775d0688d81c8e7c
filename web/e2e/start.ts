import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Building from nothing is part of the first start.
const readyWithinMilliseconds = 9 * 60_000;
const stopWithinMilliseconds = 30_000;

/** Starts the real product on a fresh data folder, and stops it when all tests are done. `WEFT_E2E_URL` names one that runs already. */
export default async function start(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.WEFT_E2E_URL) return undefined;
  const port = await freePort();
  const data = mkdtempSync(join(tmpdir(), "weft-e2e-"));
  // The embedded database runs as an ordinary user when the tests run as root, and must be able to enter.
  chmodSync(data, 0o755);
  const script = fileURLToPath(new URL("../../weft", import.meta.url));
  const product = spawn(script, ["up", "--port", String(port), "--data-dir", join(data, "weft")], { stdio: ["ignore", "pipe", "pipe"] });
  const said: string[] = [];
  product.stdout.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  product.stderr.on("data", (chunk: Buffer) => said.push(chunk.toString()));

  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    await ended(product);
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await ready(url, product);
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\nIt said:\n${said.join("").slice(-4000)}`, { cause: error });
  }
  process.env.WEFT_E2E_URL = url;
  return stop;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address ? resolve(address.port) : reject(new Error("No free port."))));
    });
  });
}

async function ready(url: string, product: ChildProcess): Promise<void> {
  const deadline = Date.now() + readyWithinMilliseconds;
  while (Date.now() < deadline) {
    if (product.exitCode !== null) throw new Error(`weft up ended with code ${product.exitCode}.`);
    const answer = await fetch(`${url}/health/ready`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error("weft up was not ready in time.");
}

async function ended(product: ChildProcess): Promise<void> {
  if (product.exitCode !== null) return;
  const exit = new Promise<void>((resolve) => product.once("exit", () => resolve()));
  product.kill("SIGINT");
  const timer = setTimeout(() => product.kill("SIGKILL"), stopWithinMilliseconds);
  await exit;
  clearTimeout(timer);
}
