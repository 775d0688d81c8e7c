import type { Reporter } from "vitest/reporters";

export declare class VitestCount implements Reporter {}
