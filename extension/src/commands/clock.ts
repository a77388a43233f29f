/** Show what can be done with the clock by which keys expire. */

import type { Contribution, Parts, Subject } from '../command';
import { clockProject, showMenu } from '../moveClock';

export const contribution: Contribution = {
    title: 'Move Clock…',
    about: 'Freeze or advance the clock by which local keys expire, or set it back to now',
    icon: '$(clock)',
    menus: {
        'view/title': [{ when: 'view == kvlens.namespaces', group: '1_emulator@3' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '2_emulator@3' },
        ],
    },
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    await showMenu(parts, await clockProject(parts, node));
}
