import t from 'tap';
import { describe, describeValues } from './describe.ts';
import { parseGoFile } from './parse.ts';

const source = `package v1

import (
	"k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +enum
type Colour string

const (
	// ColourRed is what
	// stops.
	ColourRed Colour = "Red"
	ColourGreen Colour = "Green"
	answer = 42
)

type Names = map[string][]byte

// A Light shines.
//
//
// On three lines.
//nolint:all
type Light struct {
	metav1.TypeMeta \`json:",inline"\`
	// The colour.
	// +optional
	Colour *Colour \`json:"colour,omitempty" protobuf:"bytes,1,opt,name=colour"\` // at the end
	/*
		Not said.
	*/

	Pods []v1.Pod \`json:"pods" patchStrategy:"merge" patchMergeKey:"name" protobuf:"bytes,2,rep,name=pods"\`
}

func (Light) Shine() {
}
`;

t.test('parseGoFile reads types with their comments, tags and imports', async (t) => {
  const { types, constants } = parseGoFile(source, 'k8s.io/api/lights/v1', 'types.go');
  const byName = new Map(types);
  t.same([...byName.keys()], ['Colour', 'Names', 'Light']);
  t.match(byName.get('Colour'), { kind: 'alias', isSameType: false, comment: ['+enum'] });
  t.match(byName.get('Names'), {
    isSameType: true,
    type: { kind: 'map', of: { kind: 'slice', of: { name: 'byte' } } },
  });
  t.match(byName.get('Light'), {
    comment: ['A Light shines.', '', 'On three lines.'],
    fields: [
      { goName: 'TypeMeta', embedded: true, type: { package: 'k8s.io/apimachinery/pkg/apis/meta/v1' } },
      {
        goName: 'Colour',
        comment: ['The colour.', '+optional'],
        type: { kind: 'pointer', of: { package: 'k8s.io/api/lights/v1', name: 'Colour' } },
        tags: { json: 'colour,omitempty' },
      },
      {
        goName: 'Pods',
        comment: [],
        type: { kind: 'slice', of: { package: 'k8s.io/api/core/v1', name: 'Pod' } },
        tags: { patchStrategy: 'merge', patchMergeKey: 'name' },
      },
    ],
  });
  t.match(constants, [
    { name: 'ColourRed', type: 'Colour', value: 'Red', comment: ['ColourRed is what', 'stops.'] },
    { name: 'ColourGreen', value: 'Green' },
  ]);
  t.equal(constants.length, 2);
  t.same(describeValues(constants), [
    '',
    'Possible enum values:',
    ' - `"Green"`',
    ' - `"Red"` is what stops.',
  ]);
});

t.test('parseGoFile names the line that it cannot read', async (t) => {
  const read = (field: string): (() => unknown) => {
    return () => parseGoFile(`package v1\n\ntype A struct {\n\tB string\n\t${field}\n}\n`, 'p', 'p/types.go');
  };
  t.throws(read('C, D string'), { code: 'damaged-input', message: /^p\/types\.go:5: a field that/ });
  t.throws(read('C other.Thing'), {
    message: /^p\/types\.go:5: a type that this program cannot read: other\.Thing/,
  });
  t.throws(read('C func()'), { message: /^p\/types\.go:5: a (field|type)/ });
});

t.test('describe folds lines as the generator of Kubernetes does', async (t) => {
  t.equal(
    describe(['One', 'paragraph.', '', 'Two.', '+optional', 'TODO: nothing']),
    'One paragraph.\n\nTwo.',
  );
  t.equal(describe(['See:', '  a', '  b', 'End.', '---', 'hidden']), 'See:\n  a\n  b\nEnd.');
  t.equal(describe(['Say \\"hi\\" to C:\\\\x']), 'Say "hi" to C:\\x');
});
