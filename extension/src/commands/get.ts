/** Open a key's value: that of a row in the view, or prompt for a key. */

import { type Contribution, keyOf, type Parts, type Subject, target } from '../command';
import { open } from '../openValue';
import * as prompts from '../prompts';

export const contribution: Contribution = {
    title: 'Get Key…',
    about: "Open a key's value as a document; Ctrl+S saves it and keeps metadata and expiration",
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const space = await target(parts, node, 'Get Key');
    const name = keyOf(node) ?? (await prompts.key(parts.server, space, 'Get Key'));
    await open(parts, space, name);
}
