/** Show what has changed. */

import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'History',
    about: 'Show what has changed: who wrote which keys, with the values before and after',
    icon: '$(history)',
    needsTrust: false,
};

export async function run({ history }: Parts): Promise<void> {
    await history.focus();
}
