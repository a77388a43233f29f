/** Names and values as plain text: what can't be seen is written as an escape. */

import { oneLine, spaced } from '../../src/visible';

export { oneLine };

/** Text of several lines. */
export function visible(text: string): string {
    return text.split('\n').map(spaced).join('\n');
}
