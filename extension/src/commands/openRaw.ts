/** Open the bytes of a value, which can't be edited, in an editor that shows them. */

import * as vscode from 'vscode';
import type { Contribution, Parts } from '../command';
import { openRaw } from '../openValue';

export const contribution: Contribution = {
    title: 'Open Bytes',
    menus: { commandPalette: [{ when: 'false' }] },
    needsTrust: false,
};

export async function run(_: Parts, uri: vscode.Uri, editor?: string): Promise<void> {
    await openRaw(uri, editor);
}
