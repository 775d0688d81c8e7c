// Vitest and Playwright both: leaves how many tests passed, failed and were skipped where `./weft test` adds them up.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const write = (name, counts) => {
  const folder = process.env.WEFT_TEST_RESULTS;
  if (folder) writeFileSync(join(folder, name), JSON.stringify(counts));
};

export class VitestCount {
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const module of modules) {
      // A file that could not even be loaded holds no test that could fail.
      if (module.state() === "failed" && [...module.children.allTests()].length === 0) counts.failed++;
      for (const test of module.children.allTests()) counts[test.result().state === "pending" ? "failed" : test.result().state]++;
    }
    write("web.json", counts);
  }
}

export default class PlaywrightCount {
  #suite;

  onBegin(_config, suite) {
    this.#suite = suite;
  }

  onEnd() {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    for (const test of this.#suite?.allTests() ?? []) {
      const outcome = test.outcome();
      counts[outcome === "expected" ? "passed" : outcome === "skipped" ? "skipped" : "failed"]++;
    }
    write("browser.json", counts);
  }
}
