/** Freeze the clock by which keys expire. */

import type { Contribution, Parts, Subject } from '../command';
import { clockProject, moveClock } from '../moveClock';

export const contribution: Contribution = {
    title: 'Freeze Clock',
    about: 'Freeze the clock by which local keys expire: none expires until it runs again',
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const { config } = await clockProject(parts, node);
    await moveClock(parts, { config, move: 'freeze' });
}
