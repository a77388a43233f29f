/** Restart the language server. */

import type { Contribution, Parts } from '../command';

export const contribution: Contribution = {
    title: 'Restart Server',
    about: 'Stop the language server and start it again',
    needsTrust: false,
};

export async function run({ server }: Parts): Promise<void> {
    await server.restart();
}
