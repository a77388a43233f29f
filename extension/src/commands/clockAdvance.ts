/** Advance the clock by which keys expire. */

import type { Contribution, Parts, Subject } from '../command';
import { advance, clockProject } from '../moveClock';

export const contribution: Contribution = {
    title: 'Advance Clock…',
    about: 'Move the clock by which local keys expire ahead, by an hour, a day or any duration',
};

export async function run(parts: Parts, node?: Subject, config?: string): Promise<void> {
    const named = parts.model.projects.find((one) => one.config === config);
    await advance(parts, named ?? (await clockProject(parts, node)));
}
