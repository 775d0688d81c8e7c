import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

// Imports go one way: routes → features → ui → lib. A feature never imports another one.
const upwards = { group: ["../*"], message: "Import across folders by @/…, within a folder by ./…, so that the direction stays visible." };
const layer = (files, folders) => ({
  files,
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          upwards,
          ...folders.map((folder) => ({
            group: [`@/${folder}/*`, `@/${folder}/**`],
            message: "Imports go one way: routes → features → ui → lib; features do not import each other.",
          })),
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist", "dev-dist", "src/routeTree.gen.ts", "src/lib/api.gen.ts", "test-results", "playwright-report"] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ["*.js", "public/*.js", "scripts/*.mjs"] } } },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      // The router's redirect() and notFound() are thrown by design.
      "@typescript-eslint/only-throw-error": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "no-console": "error",
    },
  },
  { files: ["src/**/*.{ts,tsx}"], ...reactHooks.configs.flat.recommended },
  { files: ["src/**/*.{ts,tsx}"], ...jsxA11y.flatConfigs.recommended },
  layer(["src/lib/**"], ["ui", "features", "routes"]),
  layer(["src/ui/**"], ["features", "routes"]),
  layer(["src/features/**"], ["features", "routes"]),
  layer(["src/routes/**"], ["routes"]),
  {
    // Plain scripts: they print, and they are not part of the typed program.
    files: ["*.js", "scripts/**", "public/**"],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { globals: { console: "readonly", process: "readonly", document: "readonly", localStorage: "readonly", matchMedia: "readonly", URL: "readonly" } },
    rules: { ...tseslint.configs.disableTypeChecked.rules, "no-console": "off" },
  },
);
