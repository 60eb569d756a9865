import type { Reporter, TestCase, TestModule, TestRunEndReason, TestSuite } from 'vitest/node'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/**
 * Prints the plain closing line `N passed, N failed, N skipped`. A file that did not load, a hook that threw, an error
 * that nobody caught and a run that was broken off count as failed, and so do the tests that did not run for it.
 */
export default class CountingReporter implements Reporter {
  onTestRunEnd(
    modules: ReadonlyArray<TestModule>,
    unhandledErrors: ReadonlyArray<unknown>,
    reason: TestRunEndReason,
  ): void {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) countGroup(module, reason, counts)
    // The line never looks better than the exit code.
    if (reason !== 'passed' && counts.failed === 0) counts.failed = 1
    // After the default reporter has printed its summary, so that this line is the last one.
    process.on('exit', () => {
      console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
    })
  }
}

function countGroup(group: TestModule | TestSuite, reason: TestRunEndReason, counts: Counts): void {
  const failedBefore = counts.failed
  for (const child of group.children) {
    if (child.type === 'suite') countGroup(child, reason, counts)
    else counts[meaning(child, reason)]++
  }
  // Its own mistake: it did not load, has no tests, or a hook threw after them. Where a test within failed, that is said.
  if (group.state() === 'failed' && counts.failed === failedBefore) counts.failed++
}

function meaning(test: TestCase, reason: TestRunEndReason): keyof Counts {
  const result = test.result()
  if (result.state === 'passed' || result.state === 'failed') return result.state
  const groups = groupsAround(test)
  // vitest calls them skipped, but they would have run if a hook had not thrown.
  if (groups.some((group) => group.errors().length > 0)) return 'failed'
  // The tests that vitest breaks off are called skipped too, with a note that says so.
  if (result.state === 'skipped') return reason === 'interrupted' && result.note ? 'failed' : 'skipped'
  // A test in a skipped group within a skipped group is left without a state. Any other was never come to.
  return groups.some((group) => group.state() === 'skipped') ? 'skipped' : 'failed'
}

function groupsAround(test: TestCase): ReadonlyArray<TestModule | TestSuite> {
  const groups: Array<TestModule | TestSuite> = [test.parent]
  for (let group = test.parent; group.type === 'suite'; group = group.parent) groups.push(group.parent)
  return groups
}
