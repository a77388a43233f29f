/** The elements of @vscode-elements/elements that are used. */

import type { JSX } from 'preact';

declare module 'preact' {
    namespace JSX {
        interface IntrinsicElements {
            'vscode-button': JSX.HTMLAttributes<HTMLElement> & { secondary?: boolean; disabled?: boolean };
            'vscode-split-layout': JSX.HTMLAttributes<HTMLElement> & {
                split?: string;
                'initial-handle-position'?: string;
                'fixed-pane'?: string;
            };
        }
    }
}
