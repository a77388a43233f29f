/** Set the clock by which keys expire to the real time. */

import type { Contribution, Parts, Subject } from '../command';
import { clockProject, moveClock } from '../moveClock';

export const contribution: Contribution = {
    title: 'Set Clock Back to Now',
    about: 'Set the clock by which local keys expire to the real time: hidden keys come back',
};

export async function run(parts: Parts, node?: Subject, config?: string): Promise<void> {
    const project = config ?? (await clockProject(parts, node)).config;
    await moveClock(parts, { config: project, move: 'reset' });
}
