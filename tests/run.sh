# ./weft test [--fast]: builds everything, runs every test (.NET, web, browser), ends with one line «N passed, N failed».
# Sourced by ../weft, whose functions (fail, step, packages) it uses. --fast leaves out the browser and the slow process tests.

fast=no
for argument in "$@"; do
  case $argument in
    --fast) fast=yes ;;
    *) fail "unknown option for test: $argument (there is --fast)" 2 ;;
  esac
done

results=$root/artifacts/tests
rm -rf "$results"
mkdir -p "$results"

# --- what a fresh machine lacks ------------------------------------------------------------------------------------
browser=${WEFT_BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ "$fast" = no ] && [ -z "$browser" ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    step "installing Chromium and fonts for the browser tests" sh -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends chromium fonts-liberation fonts-noto-color-emoji'
    browser=$(command -v chromium)
  else
    fail "the browser tests need Chromium: install it (Debian: apt-get install chromium fonts-liberation) or name one in WEFT_BROWSER; ./weft test --fast leaves them out."
  fi
fi
export WEFT_BROWSER="$browser"

packages src/Weft.Postgres/embedded
packages src/Weft.Documents/extractor
for folder in $(cd "$root" && git ls-files 'tests/**/package-lock.json' 2>/dev/null | sed 's|/package-lock.json$||'); do packages "$folder"; done
packages web

# --- build ---------------------------------------------------------------------------------------------------------
step "building the solution" dotnet build "$root/Weft.slnx" -c Release -p:RestoreLockedMode=true -nologo -v quiet
touch "$stamps/program"
touch "$stamps/web.next"
step "building the web app" npm run --prefix "$root/web" build
mv "$stamps/web.next" "$stamps/web"

# --- run -----------------------------------------------------------------------------------------------------------
passed=0 failed=0 skipped=0

count() { # name, passed, failed, skipped
  passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
  printf '%-28s %5d passed  %3d failed  %3d skipped\n' "$1" "$2" "$3" "$4"
}

dotnet_tests() { # project: writes its output and its counts to files, so that two may run side by side
  options=''
  [ "$fast" = yes ] && options='-trait- Speed=slow'
  # shellcheck disable=SC2086
  dotnet "$root/artifacts/bin/$1/release/$1.dll" -noColor $options >"$results/$1.log" 2>&1 || true
}

projects=$(cd "$root/tests" && ls -d ./*.Tests | sed 's|^\./||')
# Two at a time: the tests wait on PostgreSQL as much as they compute.
printf '%s\n' "$projects" >"$results/queue"
worker() { # every second project, beginning with the given one
  awk -v s="$1" 'NR % 2 == s' "$results/queue" | while read -r project; do dotnet_tests "$project"; done
}
worker 1 & first=$!
worker 0 & second=$!
wait "$first" "$second"

for project in $projects; do
  # The runner's last line: Total: 12, Errors: 0, Failed: 0, Skipped: 1, Not Run: 0, Time: 1.2s
  numbers=$(sed -n 's/.*Total: \([0-9]*\), Errors: \([0-9]*\), Failed: \([0-9]*\), Skipped: \([0-9]*\).*/\1 \2 \3 \4/p' "$results/$project.log" | tail -n 1)
  if [ -z "$numbers" ]; then
    count "$project" 0 1 0
    printf '%s did not finish:\n' "$project"
    tail -n 40 "$results/$project.log"
    continue
  fi
  # shellcheck disable=SC2086
  set -- $numbers
  count "$project" $(($1 - $3 - $4)) $(($2 + $3)) "$4"
  [ $(($2 + $3)) -eq 0 ] || grep -v '^\s*$' "$results/$project.log" | head -n 200
  [ "$4" -eq 0 ] || grep -A1 '\[SKIP\]' "$results/$project.log" || true
done

check() { # name, npm script of the web app: counts as one test
  if npm run --silent --prefix "$root/web" "$2" >"$results/$1.log" 2>&1; then
    count "$1" 1 0 0
  else
    count "$1" 0 1 0
    tail -n 100 "$results/$1.log"
  fi
}

reported() { # name, report, expression over the report «r» that yields [passed, failed, skipped]; no report is a failure
  numbers=$(node -e 'const r = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8")); console.log(eval(process.argv[2]).join(" "))' "$2" "$3" 2>/dev/null || echo 0 1 0)
  # shellcheck disable=SC2086
  set -- "$1" $numbers
  count "$@"
  [ "$3" -eq 0 ] || tail -n 200 "$results/$1.log"
}

check 'web api types' api:check
check 'web types' typecheck
check 'web lint' lint
check 'web size budget' size
npm run --silent --prefix "$root/web" test -- --reporter=default --reporter=json --outputFile.json="$results/web.json" >"$results/web.log" 2>&1 || true
reported web "$results/web.json" '[r.numPassedTests, r.numFailedTests + (r.success || r.numFailedTests ? 0 : 1), r.numPendingTests + r.numTodoTests]'
if [ "$fast" = no ]; then
  PLAYWRIGHT_JSON_OUTPUT_NAME="$results/browser.json" npm run --silent --prefix "$root/web" e2e -- --reporter=list,json >"$results/browser.log" 2>&1 || true
  reported browser "$results/browser.json" '[r.stats.expected, r.stats.unexpected + r.stats.flaky + r.errors.length, r.stats.skipped]'
fi

if [ "$skipped" -gt 0 ] && [ "${CI:-}" = true ]; then
  printf 'A test was skipped, and under CI=true nothing may be: count it as failed.\n'
  failed=$((failed + skipped)) skipped=0
fi
if [ "$skipped" -gt 0 ]; then
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
else
  printf '%d passed, %d failed\n' "$passed" "$failed"
fi
[ "$failed" -eq 0 ]
