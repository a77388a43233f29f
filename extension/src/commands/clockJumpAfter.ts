/** Jump to just after a key expires. */

import type { Contribution, Parts } from '../command';
import type { KeySubject } from '../keys';
import { jump } from '../moveClock';

export const contribution: Contribution = {
    title: 'Jump to Just After Expiration',
    about: 'Freeze the clock by which local keys expire one second after a key does',
    menus: {
        'view/item/context': [
            {
                when: 'view == kvlens.namespaces && viewItem == key && !listMultiSelection',
                group: '4_clock@2',
            },
        ],
    },
};

export async function run(parts: Parts, subject?: KeySubject): Promise<void> {
    await jump(parts, subject, false, contribution.title);
}
