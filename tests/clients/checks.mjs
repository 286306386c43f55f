// Counting checks: each prints a line, `ok NAME` or `FAILED NAME: REASON`, and one that fails does not end the others.

/** Runs one check. */
export async function check(name, test) {
  try {
    await test();
    console.log('ok', name);
  } catch (error) {
    console.log(`FAILED ${name}:`, `${error?.message ?? error}`.replace(/\s+/g, ' ').slice(0, 1000));
  }
}
