/** Open a key's value: that of a row in the view, or prompt for a key. */

import * as vscode from 'vscode';
import type { Contribution, Parts, Subject } from '../command';
import { keyOf } from '../keys';
import { open } from '../openValue';

const { t } = vscode.l10n;

export const contribution: Contribution = {
    title: 'Get Key…',
    about: "Open a key's value as a document; Ctrl+S saves it and keeps metadata and expiration",
};

export async function run(parts: Parts, node?: Subject): Promise<void> {
    const { space, key } = await keyOf(parts, node, t('Get Key'));
    await open(parts, space, key);
}
