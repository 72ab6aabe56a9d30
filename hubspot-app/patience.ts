import { vi } from 'vitest';

// As long as it takes: a second, which is the default, is too short on a machine that has other work.
const { waitFor } = vi;
vi.waitFor = (check, options) => waitFor(check, options ?? { timeout: 20_000 });
